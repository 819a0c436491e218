"""The settings that follow from a broker's place in its cluster."""

from broker.node import Door, Node


def test_a_broker_alone() -> None:
    """It is node 1, the only controller, and everybody comes by the same listener."""
    settings = Node().settings(9092, 9093)
    assert settings == {
        "node.id": "1",
        "listeners": "CLIENT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093",
        "advertised.listeners": "CLIENT://127.0.0.1:9092",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": "1@127.0.0.1:9093",
    }


def test_a_broker_with_a_door() -> None:
    """Who comes by the door is told to come by the port that it advertises."""
    settings = Node(doors={"W1": Door(port=9100, advertised=9200)}).settings(9092, 9093)
    assert settings["listeners"] == "CLIENT://127.0.0.1:9092,W1://127.0.0.1:9100,CONTROLLER://127.0.0.1:9093"
    assert settings["advertised.listeners"] == "CLIENT://127.0.0.1:9092,W1://127.0.0.1:9200"
    assert settings["listener.security.protocol.map"] == "CLIENT:PLAINTEXT,W1:PLAINTEXT,CONTROLLER:PLAINTEXT"


def test_a_broker_among_others() -> None:
    """It knows all controllers, and its own port is among them."""
    node = Node(2, {1: 9001, 2: 9002, 3: 9003}, between="BROKERS", doors={"BROKERS": Door(9100, 9200)})
    settings = node.settings(9092, node.controller_port)
    assert settings["node.id"] == "2"
    assert settings["controller.quorum.voters"] == "1@127.0.0.1:9001,2@127.0.0.1:9002,3@127.0.0.1:9003"
    assert settings["listeners"].endswith("CONTROLLER://127.0.0.1:9002")
    assert settings["inter.broker.listener.name"] == "BROKERS"


def test_any_controller_port_will_do_for_one_alone() -> None:
    """It is chosen at the start."""
    assert Node().controller_port == 0
