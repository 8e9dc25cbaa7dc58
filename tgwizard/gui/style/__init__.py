"""How everything looks: colours, type, icons, state shapes, the focus ring, and what a screen reader is told."""
