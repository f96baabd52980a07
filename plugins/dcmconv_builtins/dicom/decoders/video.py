"""Video (PS3.5 8.2.5 to 8.2.12): one stream for all frames, decoded forward by PyAV.

PyAV is the extra ``dcmconv[video]``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from dcmconv.plugin import InputError, UnsupportedError
from dcmconv_builtins.dicom.decoders.decoded import (
    Coded,
    Decoded,
    check_coded,
    checked,
    truncated,
)
from dcmconv_builtins.dicom.decoders.syntaxes import VIDEO
from dcmconv_builtins.dicom.hints import DAMAGED
from dcmconv_builtins.dicom.pixels.pixel_description import PixelDescription

if TYPE_CHECKING:
    from av.video.frame import VideoFrame

__all__ = ["VideoFrames"]

HIGH_DEFINITION_ROWS = 720


class VideoFrames:
    """The frames of a video, one at a time; only those that the codec refers to are in memory.

    Reading forward is cheap; going back starts over at the first frame.

    Parameters
    ----------
    source : binary file
        The whole stream, such as ``Encapsulated.open_stream()``; never closed here.
    description : PixelDescription
        Of the Instance.
    """

    def __init__(self, source: BinaryIO, description: PixelDescription) -> None:
        self._source = source
        self._description = description
        self._frames: Iterator[Decoded] = iter(())
        self._next_index = 0
        self._is_open = False

    def read_frame(self, frame_index: int) -> Decoded:
        """Decode one frame, counted from 0: RGB, or monochrome for one sample a pixel.

        Raises
        ------
        InputError
            If the stream is damaged, ends early, or has another size.
        UnsupportedError
            If PyAV is not installed.
        """
        if not self._is_open or frame_index < self._next_index:
            self.close()
            self._frames, self._is_open = _decode(self._source, self._description), True
        for decoded in self._frames:
            self._next_index += 1
            if self._next_index == frame_index + 1:
                return decoded
        found = self._next_index
        self.close()
        raise truncated(
            "video",
            f"it has {found} frames, "
            f"Number of Frames (0028,0008) is {self._description.frame_count}",
        )

    def close(self) -> None:
        """Release the codec."""
        close = getattr(self._frames, "close", None)
        if close is not None:
            close()
        self._frames, self._next_index, self._is_open = iter(()), 0, False


def _decode(source: BinaryIO, description: PixelDescription) -> Iterator[Decoded]:
    try:
        import av
    except ImportError as error:
        raise UnsupportedError(
            "Video needs PyAV, which is not installed.",
            hint=f"pip install '{VIDEO.requirement}'",
            reason="not-installed",
        ) from error
    source.seek(0)
    try:
        with av.open(source, mode="r") as container:
            if not container.streams.video:
                raise InputError("the stream contains no video.", hint=DAMAGED)
            stream = container.streams.video[0]
            # A run uses one process per core already; the codec must not start threads.
            stream.codec_context.thread_count = 1
            for frame in container.decode(stream):
                yield _decoded(frame, description)
    except av.FFmpegError as error:
        raise InputError(f"the video stream is damaged: {error.strerror}.", hint=DAMAGED) from error


def _decoded(frame: VideoFrame, description: PixelDescription) -> Decoded:
    is_wide = description.bits_allocated > 8
    own = Coded(
        format="video",
        rows=frame.height,
        columns=frame.width,
        samples=description.samples_per_pixel,
        bits=description.bits_stored,
    )
    check_coded(own, description)
    if description.samples_per_pixel == 1:
        layout = "gray16le" if is_wide else "gray"
    else:
        layout = "rgb48le" if is_wide else "rgb24"
    values: NDArray[Any] = frame.reformat(format=layout, **_color_options(frame)).to_ndarray()
    if is_wide:
        # FFmpeg scales wide samples to the full 16 bits.
        values = values >> np.uint16(16 - description.bits_stored)
    return Decoded(
        values=np.ascontiguousarray(checked(values, description)),
        photometric_interpretation=(
            description.photometric_interpretation if description.samples_per_pixel == 1 else "RGB"
        ),
        decoder=f"{VIDEO.decoder}.{frame.format.name}",
        is_masked=True,
    )


def _color_options(frame: VideoFrame) -> dict[str, Any]:
    from av.video.reformatter import Colorspace

    unspecified = 2  # AVCOL_SPC_UNSPECIFIED
    if int(frame.colorspace) != unspecified:
        return {}
    # PS3.5 8.2.5 to 8.2.12: high definition is ITU-R BT.709, standard definition BT.601.
    is_high = frame.height >= HIGH_DEFINITION_ROWS
    return {"src_colorspace": Colorspace.ITU709 if is_high else Colorspace.ITU601}
