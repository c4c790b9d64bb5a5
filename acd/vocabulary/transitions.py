"""The tables by which the states of agents and calls change."""

from acd.vocabulary.agent_facts import (
    AgentNotReady,
    AgentReady,
    AgentSignedIn,
    AgentSignedOut,
    WrapUpDone,
    WrapUpEnded,
)
from acd.vocabulary.control_facts import CallHeld, CallTakenBack
from acd.vocabulary.facts import Fact
from acd.vocabulary.leg_facts import CallQueued
from acd.vocabulary.offer_facts import (
    CallClosed,
    CallConnected,
    CallLeftLine,
    ConversationEnded,
    OfferAnswered,
    OfferDeclined,
    OfferFailed,
    OfferStarted,
    OfferTimedOut,
    OfferWithdrawn,
)
from acd.vocabulary.open_facts import OpenQueueJoined
from acd.vocabulary.states import AgentState, CallState

AGENT_TRANSITIONS: dict[AgentState, dict[type[Fact], AgentState]] = {
    AgentState.SIGNED_OUT: {
        AgentSignedIn: AgentState.NOT_READY,
        CallConnected: AgentState.TALKING,  # the open queue gave them a call
    },
    AgentState.NOT_READY: {
        AgentSignedIn: AgentState.NOT_READY,  # a second log-in: the newest counts
        AgentSignedOut: AgentState.SIGNED_OUT,
        AgentReady: AgentState.READY,
        AgentNotReady: AgentState.NOT_READY,  # another reason
        CallConnected: AgentState.TALKING,
    },
    AgentState.READY: {
        AgentSignedIn: AgentState.NOT_READY,
        AgentSignedOut: AgentState.SIGNED_OUT,
        AgentReady: AgentState.READY,
        AgentNotReady: AgentState.NOT_READY,
        OfferStarted: AgentState.RESERVED,
        CallConnected: AgentState.TALKING,
    },
    AgentState.RESERVED: {
        OfferAnswered: AgentState.RESERVED,
        OfferTimedOut: AgentState.NOT_READY,  # RONA
        OfferDeclined: AgentState.NOT_READY,
        OfferFailed: AgentState.NOT_READY,
        OfferWithdrawn: AgentState.READY,  # not their fault: back, idle time kept
        CallConnected: AgentState.TALKING,
        AgentReady: AgentState.RESERVED,  # wishes are kept until the call is over
        AgentNotReady: AgentState.RESERVED,
        AgentSignedOut: AgentState.RESERVED,
    },
    AgentState.TALKING: {
        ConversationEnded: AgentState.WRAP_UP,
        AgentReady: AgentState.TALKING,
        AgentNotReady: AgentState.TALKING,
        AgentSignedOut: AgentState.TALKING,
    },
    AgentState.WRAP_UP: {
        WrapUpEnded: AgentState.READY,
        WrapUpDone: AgentState.WRAP_UP,  # these three end it: WrapUpEnded follows
        AgentReady: AgentState.WRAP_UP,
        AgentSignedOut: AgentState.WRAP_UP,
        AgentNotReady: AgentState.WRAP_UP,
    },
}
"""Rows are states, columns the facts that move them. What is missing is illegal."""

CALL_TRANSITIONS: dict[CallState, dict[type[Fact], CallState]] = {
    CallState.IN_FLOW: {
        CallQueued: CallState.QUEUED,
        OpenQueueJoined: CallState.OPEN,
        CallClosed: CallState.CLOSED,
    },
    CallState.QUEUED: {
        CallLeftLine: CallState.IN_FLOW,  # by a key; an offer is withdrawn before
        OfferStarted: CallState.OFFERED,
        OpenQueueJoined: CallState.OPEN,
        CallClosed: CallState.CLOSED,
    },
    CallState.OFFERED: {
        OfferAnswered: CallState.CONNECTING,
        OfferTimedOut: CallState.QUEUED,
        OfferDeclined: CallState.QUEUED,
        OfferFailed: CallState.QUEUED,
        OfferWithdrawn: CallState.QUEUED,
    },
    CallState.CONNECTING: {
        CallConnected: CallState.TALKING,
        OfferFailed: CallState.QUEUED,
        OfferWithdrawn: CallState.QUEUED,
    },
    CallState.OPEN: {
        CallConnected: CallState.TALKING,
        CallClosed: CallState.CLOSED,
    },
    CallState.TALKING: {
        CallHeld: CallState.HELD,
        ConversationEnded: CallState.LEAVING,
    },
    CallState.HELD: {
        CallTakenBack: CallState.TALKING,
        ConversationEnded: CallState.LEAVING,
    },
    CallState.LEAVING: {
        CallQueued: CallState.QUEUED,  # transferred
        OpenQueueJoined: CallState.OPEN,  # the same, and nobody decided
        CallClosed: CallState.CLOSED,
    },
    CallState.CLOSED: {},
}
"""A call with an offer or a conversation ends that first, then closes."""
