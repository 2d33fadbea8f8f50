"""amhctl: build, check, train, speak and measure an Amharic voice."""

__version__ = "0.1.0"
__all__ = ["__version__"]
