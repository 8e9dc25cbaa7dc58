"""The pages of the past: History (runs and changes of the verdict), one run whole, and the reports that were kept."""
