"""Color frames that are JPEG pictures already, as they stand in the file (PS3.5 8.2.1)."""

from __future__ import annotations

from dcmconv_builtins.dicom.decoders.jpeg import JPEG_BASELINE, ordinary_head
from dcmconv_builtins.dicom.pixels.frame_data import EncapsulatedFrames, FrameData

__all__ = ["OrdinaryJpeg", "ordinary_jpeg"]


class OrdinaryJpeg:
    """The codestreams of an Instance in JPEG baseline, three samples a pixel."""

    def __init__(self, data: EncapsulatedFrames) -> None:
        self._data = data
        self._proven: set[bytes] = set()

    def stream(self, frame_index: int) -> bytes | None:
        """Return the stream of a frame, counted from 0, if every viewer shows it as it is meant.

        Raises
        ------
        InputError
            If its stream has no end, cannot be decoded, or is not what the header describes.
        """
        stream = self._data.codestream(frame_index)
        head = ordinary_head(stream, self._data.description)
        if not head:
            return None
        if head not in self._proven:
            # Tables that cannot be used are found by using them; all frames of a cine share theirs.
            self._data.read_frame(frame_index)
            self._proven.add(bytes(head))
        return stream


def ordinary_jpeg(data: FrameData, transfer_syntax: str) -> OrdinaryJpeg | None:
    """Return the streams of an Instance; None where they are of another kind."""
    if transfer_syntax != JPEG_BASELINE or data.description.samples_per_pixel != 3:
        return None
    return OrdinaryJpeg(data) if isinstance(data, EncapsulatedFrames) else None
