"""The names that OpenFlow 1.3 gives its numbers (OpenFlow Switch Specification 1.3.5, section A), without prefixes."""

#: Message types, from 0.
TYPES = ("HELLO", "ERROR", "ECHO_REQUEST", "ECHO_REPLY", "EXPERIMENTER", "FEATURES_REQUEST", "FEATURES_REPLY",
         "GET_CONFIG_REQUEST", "GET_CONFIG_REPLY", "SET_CONFIG", "PACKET_IN", "FLOW_REMOVED", "PORT_STATUS",
         "PACKET_OUT", "FLOW_MOD", "GROUP_MOD", "PORT_MOD", "TABLE_MOD", "MULTIPART_REQUEST", "MULTIPART_REPLY",
         "BARRIER_REQUEST", "BARRIER_REPLY", "QUEUE_GET_CONFIG_REQUEST", "QUEUE_GET_CONFIG_REPLY", "ROLE_REQUEST",
         "ROLE_REPLY", "GET_ASYNC_REQUEST", "GET_ASYNC_REPLY", "SET_ASYNC", "METER_MOD")

#: Port numbers that are no ports.
RESERVED_PORTS = {0xFFFFFFF8: "IN_PORT", 0xFFFFFFF9: "TABLE", 0xFFFFFFFA: "NORMAL", 0xFFFFFFFB: "FLOOD",
                  0xFFFFFFFC: "ALL", 0xFFFFFFFD: "CONTROLLER", 0xFFFFFFFE: "LOCAL", 0xFFFFFFFF: "ANY"}
#: What each number of these fields means, from 0.
COMMANDS = ("add", "modify", "modify strict", "delete", "delete strict")
PACKET_IN_REASONS = ("no_match", "action", "invalid_ttl")
REMOVED_REASONS = ("idle timeout", "hard timeout", "deleted", "group deleted")
PORT_REASONS = ("added", "deleted", "modified")
GROUP_COMMANDS, GROUP_TYPES = ("add", "modify", "delete"), ("all", "select", "indirect", "fast failover")
#: What a multipart message is about, from 0.
MULTIPARTS = ("DESC", "FLOW", "AGGREGATE", "TABLE", "PORT_STATS", "QUEUE", "GROUP", "GROUP_DESC", "GROUP_FEATURES",
              "METER", "METER_CONFIG", "METER_FEATURES", "TABLE_FEATURES", "PORT_DESC")
#: The flags of a flow, from the lowest bit.
FLOW_FLAGS = ("send_flow_rem", "check_overlap", "reset_counts", "no_pkt_counts", "no_byt_counts")

#: Error type -> (its name, the names of its codes).
ERRORS = {
    0: ("HELLO_FAILED", ("INCOMPATIBLE", "EPERM")),
    1: ("BAD_REQUEST", ("BAD_VERSION", "BAD_TYPE", "BAD_MULTIPART", "BAD_EXPERIMENTER", "BAD_EXP_TYPE", "EPERM",
                        "BAD_LEN", "BUFFER_EMPTY", "BUFFER_UNKNOWN", "BAD_TABLE_ID", "IS_SLAVE", "BAD_PORT",
                        "BAD_PACKET", "MULTIPART_BUFFER_OVERFLOW")),
    2: ("BAD_ACTION", ("BAD_TYPE", "BAD_LEN", "BAD_EXPERIMENTER", "BAD_EXP_TYPE", "BAD_OUT_PORT", "BAD_ARGUMENT",
                       "EPERM", "TOO_MANY", "BAD_QUEUE", "BAD_OUT_GROUP", "MATCH_INCONSISTENT", "UNSUPPORTED_ORDER",
                       "BAD_TAG", "BAD_SET_TYPE", "BAD_SET_LEN", "BAD_SET_ARGUMENT")),
    3: ("BAD_INSTRUCTION", ("UNKNOWN_INST", "UNSUP_INST", "BAD_TABLE_ID", "UNSUP_METADATA", "UNSUP_METADATA_MASK",
                            "BAD_EXPERIMENTER", "BAD_EXP_TYPE", "BAD_LEN", "EPERM")),
    4: ("BAD_MATCH", ("BAD_TYPE", "BAD_LEN", "BAD_TAG", "BAD_DL_ADDR_MASK", "BAD_NW_ADDR_MASK", "BAD_WILDCARDS",
                      "BAD_FIELD", "BAD_VALUE", "BAD_MASK", "BAD_PREREQ", "DUP_FIELD", "EPERM")),
    5: ("FLOW_MOD_FAILED", ("UNKNOWN", "TABLE_FULL", "BAD_TABLE_ID", "OVERLAP", "EPERM", "BAD_TIMEOUT",
                            "BAD_COMMAND", "BAD_FLAGS")),
    6: ("GROUP_MOD_FAILED", ("GROUP_EXISTS", "INVALID_GROUP", "WEIGHT_UNSUPPORTED", "OUT_OF_GROUPS", "OUT_OF_BUCKETS",
                             "CHAINING_UNSUPPORTED", "WATCH_UNSUPPORTED", "LOOP", "UNKNOWN_GROUP", "CHAINED_GROUP",
                             "BAD_TYPE", "BAD_COMMAND", "BAD_BUCKET", "BAD_WATCH", "EPERM")),
    7: ("PORT_MOD_FAILED", ()), 8: ("TABLE_MOD_FAILED", ()), 9: ("QUEUE_OP_FAILED", ()),
    10: ("SWITCH_CONFIG_FAILED", ()), 11: ("ROLE_REQUEST_FAILED", ()), 12: ("METER_MOD_FAILED", ()),
    13: ("TABLE_FEATURES_FAILED", ()),
}


def port(number: int) -> int | str:
    """A port's number, or the name of a reserved one."""
    return RESERVED_PORTS.get(number, number)


def named(names, number: int) -> str:
    """The name of a number in a list; the number itself as text if it has none."""
    return names[number] if number < len(names) else str(number)
