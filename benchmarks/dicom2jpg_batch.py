"""Has dicom2jpg convert a folder with its own pool: SOURCE OUT jpg|png WORKERS CENTER WIDTH.

It takes the window from the files, which is the same one, and decides itself how many processes.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    import dicom2jpg

    convert = {"jpg": dicom2jpg.dicom2jpg, "png": dicom2jpg.dicom2png}[sys.argv[3]]
    convert(sys.argv[1], target_root=sys.argv[2], multiprocessing=True)
