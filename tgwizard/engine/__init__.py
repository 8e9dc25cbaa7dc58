"""What the program does: no Qt, no Azure SDK, no HTTP. Wings failover/ and watch/ round a common hall."""
