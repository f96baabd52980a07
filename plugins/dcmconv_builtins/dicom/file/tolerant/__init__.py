"""Our own parser, for datasets that pydicom cannot read but which have one reasonable reading."""
