"""The tests: they mirror tgwizard/ folder by folder; house/ tests the house itself, guards/ watches every test."""
