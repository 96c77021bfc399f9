"""The icon: drawn as SVG, turned into every file that a system wants by ``draw.py`` without other software."""
