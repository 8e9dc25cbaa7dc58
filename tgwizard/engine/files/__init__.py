"""Files that people keep on this computer: read within bounds, written whole, locked."""
