"""A reader for the part of HDF5 that holds weights.

HDF5's own library is a large parser in C that was not written for files from strangers: with one byte changed, about
one weight file in two hundred keeps it in an endless loop, and a file may send it to other files. So lamina reads with
these few pages of Python, which know groups, attributes and plain or compressed datasets of numbers, check every
address and size against the file before they follow it, and take no memory that the file does not fill.

Format: https://docs.hdfgroup.org/hdf5/develop/_f_m_t3.html
"""

from lamina.saving.hdf5.file import Dataset, Group, open_hdf5
from lamina.saving.hdf5.source import Source

__all__ = ["Dataset", "Group", "Source", "open_hdf5"]
