"""The pages of a file, mapped to be read. Types are in ``pages.pyi``."""

from mmap import PAGESIZE

from cpython.buffer cimport PyBuffer_FillInfo
from cpython.exc cimport PyErr_SetFromErrno


cdef extern from "<sys/mman.h>" nogil:
    enum: PROT_READ, MAP_SHARED, MADV_RANDOM, MADV_WILLNEED
    void *MAP_FAILED
    void *mmap(void *start, size_t size, int protection, int flags, int handle, long offset)
    int madvise(void *start, size_t size, int advice)
    int munmap(void *start, size_t size)

cdef size_t PAGE_BYTES = PAGESIZE


cdef class Pages:
    """The first ``size`` bytes of an open file, for as long as anybody looks at them.

    ``mmap.mmap`` holds a descriptor for each mapping, of which a process has few; and a process of
    several threads waits for all cores whenever its table of them grows. Raises OSError.
    """

    cdef void *start
    cdef readonly size_t size

    def __cinit__(self, int handle, size_t size):
        with nogil:
            self.start = mmap(NULL, size, PROT_READ, MAP_SHARED, handle, 0)
        if self.start is MAP_FAILED:
            self.start = NULL
            PyErr_SetFromErrno(OSError)
        self.size = size
        # A fault reads its own page: what is to be read beyond is asked for by read_ahead.
        madvise(self.start, size, MADV_RANDOM)

    def read_ahead(self, size_t first, size_t count):
        """Asks the kernel to fetch ``count`` bytes from ``first`` on, without waiting for them."""
        if first > self.size or count > self.size - first:
            raise ValueError(f"{first} + {count} bytes are not within {self.size}")
        cdef size_t start = first - first % PAGE_BYTES
        with nogil:
            madvise(<char *>self.start + start, first + count - start, MADV_WILLNEED)

    def __getbuffer__(self, Py_buffer *view, int flags):
        PyBuffer_FillInfo(view, self, self.start, self.size, 1, flags)

    def __dealloc__(self):
        if self.start is not NULL:
            munmap(self.start, self.size)
