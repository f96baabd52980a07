"""The file format of NumPy."""

from dataclasses import dataclass

import numpy as np

from dcmconv.plugin import Frame, InputError, InputFile, Instance, Reader


@dataclass(frozen=True, kw_only=True)
class NpyReader(Reader):
    """NumPy files of one or more monochrome frames."""

    @classmethod
    def sniff(cls, head: bytes, name: str) -> int:
        """Recognize the format by its first bytes."""
        return 100 if head.startswith(b"\x93NUMPY") else 0

    def open(self, source: InputFile) -> Instance:
        """Read the array."""
        try:
            with source.open() as stream:
                values = np.load(stream, allow_pickle=False)
        except (ValueError, EOFError) as error:
            raise InputError(
                f"{source.key} is not a complete NumPy file: {error}", hint="Save it again."
            ) from None
        frames = values.reshape(-1, *values.shape[-2:])
        bits = 0 if values.dtype.kind == "f" else values.itemsize * 8
        return Instance(
            frame_count=len(frames),
            read_frame=lambda index: Frame(
                stored_values=frames[index],
                bits_stored=bits,
                frame_number=index + 1,
                frame_count=len(frames),
            ),
        )
