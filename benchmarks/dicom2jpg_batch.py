"""Convert a folder with dicom2jpg and its own pool: SOURCE OUT jpg|png WORKERS CENTER WIDTH.

dicom2jpg uses the window in the files, which is the same one, and chooses the number of processes.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    import dicom2jpg

    convert = {"jpg": dicom2jpg.dicom2jpg, "png": dicom2jpg.dicom2png}[sys.argv[3]]
    convert(sys.argv[1], target_root=sys.argv[2], multiprocessing=True)
