"""A process of ours, told what to do: it makes system calls that its own code would not.

As a debugger does it (ptrace(2)), and with less: gdb 13 cannot set registers where the processor has
AMX.
"""
import contextlib
import ctypes
import os
import platform
import signal
import struct

WHOLE = ctypes.CDLL(None, use_errno=True)
WHOLE.ptrace.restype = ctypes.c_long
WHOLE.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

SEIZE, INTERRUPT, DETACH, STEP, GET_REGISTERS, SET_REGISTERS = (
    0x4206, 0x4207, 17, 9, 0x4204, 0x4205)
GENERAL = 1  # NT_PRSTATUS
WALL = 0x40000000
BELOW = 8192  # the stack pointer: nothing is there yet
ROOM = 4096

# By number, as it is to do what the C library would not.
CALLS = {
    "x86_64": {"openat2": 437, "openat": 257, "newfstatat": 262, "execve": 59, "ptrace": 101,
               "socket": 41, "kill": 62, "clone": 56, "io_uring_setup": 425},
    "aarch64": {"openat2": 437, "openat": 56, "newfstatat": 79, "execve": 221, "ptrace": 117,
                "socket": 198, "kill": 129, "clone": 220, "io_uring_setup": 425},
}[platform.machine()]


class Machine:
    """Where a system call's words stand among the registers, and what makes it."""

    def __init__(self, count, arguments, places, instruction):
        self.format = f"{count}Q"
        self.arguments = arguments
        self.number, self.result, self.counter, self.stack, self.restart = places
        self.instruction = instruction


MACHINE = {
    "x86_64": Machine(27, (14, 13, 12, 7, 9, 8), (10, 10, 16, 19, 15), b"\x0f\x05"),
    "aarch64": Machine(34, (0, 1, 2, 3, 4, 5), (8, 0, 32, 31, None), b"\x01\0\0\xd4"),
}[platform.machine()]


def ptrace(request, pid, address=0, data=0):
    if WHOLE.ptrace(request, pid, address, data) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"ptrace {request:#x}: {os.strerror(number)}")


class Held:
    """A thread that waits in a system call, which is made anew when it goes on."""

    def __init__(self, pid):
        self.pid = pid
        self.registers = self.read()
        with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            memory.seek(self.registers[MACHINE.counter] - len(MACHINE.instruction))
            assert memory.read(len(MACHINE.instruction)) == MACHINE.instruction, "it waits nowhere"

    def _registers(self, request, block):
        vector = (ctypes.c_size_t * 2)(ctypes.addressof(block), len(block))
        ptrace(request, self.pid, GENERAL, ctypes.addressof(vector))

    def read(self):
        block = ctypes.create_string_buffer(struct.calcsize(MACHINE.format))
        self._registers(GET_REGISTERS, block)
        return list(struct.unpack(MACHINE.format, block.raw))

    def write(self, registers):
        block = ctypes.create_string_buffer(struct.pack(MACHINE.format, *registers),
                                            struct.calcsize(MACHINE.format))
        self._registers(SET_REGISTERS, block)

    def _place(self, words):
        """Each word as a number: bytes are put where the thread can read and write them."""
        at, placed = self.registers[MACHINE.stack] - BELOW, []
        with open(f"/proc/{self.pid}/mem", "r+b", buffering=0) as memory:
            for word in words:
                if isinstance(word, int):
                    placed.append(word % (1 << 64))
                    continue
                memory.seek(at)
                memory.write(word + b"\0")
                placed.append(at)
                at += len(word) // 16 * 16 + 16
        assert at < self.registers[MACHINE.stack] - BELOW + ROOM
        return placed

    def prepare(self, name, *words):
        """It will make this call when it goes on."""
        registers = list(self.registers)
        registers[MACHINE.counter] -= len(MACHINE.instruction)
        for place, value in zip(MACHINE.arguments, self._place(words)):
            registers[place] = value
        registers[MACHINE.number] = CALLS[name]
        if MACHINE.restart is not None:
            registers[MACHINE.restart] = (1 << 64) - 1  # not what it was in
        self.write(registers)

    def call(self, name, *words):
        """0, or the negative errno."""
        self.prepare(name, *words)
        ptrace(STEP, self.pid)
        _, status = os.waitpid(self.pid, WALL)
        assert os.WIFSTOPPED(status) and os.WSTOPSIG(status) == signal.SIGTRAP, f"{status:#x}"
        result = self.read()[MACHINE.result]
        self.write(self.registers)
        return min(result - (1 << 64) if result >> 63 else result, 0)


@contextlib.contextmanager
def hold(pid):
    """Stops its first thread for as long."""
    ptrace(SEIZE, pid)
    try:
        ptrace(INTERRUPT, pid)
        os.waitpid(pid, WALL)
        yield Held(pid)
    finally:
        ptrace(DETACH, pid)
