"""The only importer of azure.* and msal: the calls to Azure Resource Manager, through the real SDK."""
