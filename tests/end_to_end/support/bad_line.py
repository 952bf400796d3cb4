"""A bad line between two network namespaces: IP packets come late, and some do not come.

    bad_line.py NAMESPACE_A ADDRESS_A NAMESPACE_B ADDRESS_B DELAY_MS LOST_PERCENT

Makes a TUN device in each namespace, with its address (10.x.y.z/24), prints a line when both are
up, and hands packets from one to the other until standard input is closed. Which are lost is a
function of their number, so that it is the same each time.
"""

import fcntl
import heapq
import os
import random
import select
import struct
import subprocess
import sys
import time

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
MOST_BYTES = 65536


def tun(name: str, namespace: str, address: str) -> int:
    """A device in a namespace, and what reads and writes its packets here."""
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    for command in (
        ["ip", "link", "set", name, "netns", namespace],
        ["ip", "-n", namespace, "address", "add", f"{address}/24", "dev", name],
        ["ip", "-n", namespace, "link", "set", name, "up"],
        ["ip", "-n", namespace, "link", "set", "lo", "up"],
    ):
        subprocess.run(command, check=True)
    return device


def hand_on(devices: list[int], delay_s: float, lost: float) -> None:
    """Hands packets on until standard input is closed."""
    dice = random.Random(7)
    waiting: list[tuple[float, int, int, bytes]] = []
    number = 0
    while True:
        wait_s = max(waiting[0][0] - time.monotonic(), 0) if waiting else None
        readable, _, _ = select.select([*devices, sys.stdin], [], [], wait_s)
        if sys.stdin in readable:
            return
        now = time.monotonic()
        for device in readable:
            packet = os.read(device, MOST_BYTES)
            number += 1
            if dice.random() >= lost:
                other = devices[1 - devices.index(device)]
                heapq.heappush(waiting, (now + delay_s, number, other, packet))
        while waiting and waiting[0][0] <= now:
            _, _, device, packet = heapq.heappop(waiting)
            os.write(device, packet)


def main() -> None:
    """Be the line that was asked for."""
    namespace_a, address_a, namespace_b, address_b, delay_ms, lost_percent = sys.argv[1:]
    devices = [
        tun(f"line{os.getpid()}a", namespace_a, address_a),
        tun(f"line{os.getpid()}b", namespace_b, address_b),
    ]
    print("up", flush=True)
    hand_on(devices, float(delay_ms) / 1000, float(lost_percent) / 100)


if __name__ == "__main__":
    main()
