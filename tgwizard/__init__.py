"""tgwizard: set up, watch and fail over the floating IP of a Trustgrid cluster in Azure."""

__version__ = "0.1.0"
