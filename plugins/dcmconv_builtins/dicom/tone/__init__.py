"""From stored values to display values: Modality LUT, VOI LUT, Presentation LUT (PS3.3 C.11)."""
