"""The settings: kept in one place for the window, shown on one page, both made from the declared Fields."""
