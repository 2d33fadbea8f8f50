"""Where and how a machine computes: devices, processors, arithmetic."""
