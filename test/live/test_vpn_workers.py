"""Clients of several workers: each has its packets, whichever queue they come by."""
import concurrent.futures
import itertools

import pytest

import vpn

pytestmark = pytest.mark.root

WORKERS = 4
CLIENTS = 6


@pytest.fixture(name="crowd")
def a_crowd(request):
    """Six clients, one of them by TCP, of a server with four workers."""
    make = request.getfixturevalue("vpn")

    def start(block=""):
        one = make(vpn=block, workers=WORKERS)
        clients = [one.client(user=f"user{n}") for n in range(CLIENTS)]
        for client in clients[1:]:
            client.connect()
        clients[0].connect("--proto", "tcp-client", "--remote", "192.0.2.1", one.server.port,
                           "tcp-client")
        return one, clients
    return start


def test_the_server_reaches_each_and_each_the_server(crowd):
    one, clients = crowd()
    for client in clients:
        assert vpn.ping(one.gate.name, client.inside, 2) == 2
        assert client.ping("10.86.0.1") == 3


def test_clients_reach_each_other_where_they_may(crowd):
    _, clients = crowd("client_to_client on")
    for a, b in itertools.permutations(clients, 2):
        assert a.ping(b.inside, count=1) == 1


def test_clients_do_not_reach_each_other_otherwise(crowd):
    _, clients = crowd()
    pairs = [(a, b.inside) for a, b in itertools.combinations(clients, 2)]
    with concurrent.futures.ThreadPoolExecutor(len(pairs)) as pool:  # as each waits
        answered = pool.map(lambda pair: pair[0].ping(pair[1], count=1), pairs)
    assert list(answered) == [0] * len(pairs)


def test_a_client_that_moves_keeps_its_worker(crowd):
    one, clients = crowd()
    for number, client in enumerate(clients[1:]):
        client.run("nft", "add table ip moved; add chain ip moved out "
                   "{ type nat hook postrouting priority 100; }; "
                   f"add rule ip moved out udp dport {one.udp} snat to :{20000 + number}")
        assert client.ping("10.86.0.1", count=5) >= 4
