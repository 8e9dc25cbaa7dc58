"""What the program does: no Qt, no Azure SDK, no HTTP. Three wings (failover, setup, watch) over shared rooms."""
