"""All facts there are, as one closed union."""

from typing import get_args

from acd.vocabulary import (
    agent_facts,
    control_facts,
    estimate_facts,
    floor_facts,
    flow_facts,
    leg_facts,
    offer_facts,
    open_facts,
    recording_facts,
    routing_facts,
)
from acd.vocabulary.fact import Tick

TraceFact = (
    flow_facts.PromptHeard
    | flow_facts.AnnouncementHeard
    | flow_facts.DigitsCollected
    | flow_facts.LookedUp
    | flow_facts.BranchTaken
    | flow_facts.MessageRecorded
    | flow_facts.OrderCreated
    | flow_facts.SmsSent
    | flow_facts.SurveyAnswered
    | flow_facts.WordsHeard
    | flow_facts.HearingFailed
    | flow_facts.SubFlowEntered
    | flow_facts.SubFlowLeft
    | flow_facts.ServiceBegun
    | flow_facts.ServiceDone
    | flow_facts.CallDescribed
)
"""What a walk tells besides its way."""

FlowFact = (
    flow_facts.CallArrived
    | flow_facts.CallAnswered
    | flow_facts.StepEntered
    | flow_facts.KeyPressed
    | flow_facts.KeyTimedOut
    | flow_facts.CallRouted
    | flow_facts.LeaveAsked
    | flow_facts.FlowEnded
    | TraceFact
)
LegFact = (
    leg_facts.CallQueued
    | leg_facts.LegRang
    | leg_facts.LegAnswered
    | leg_facts.LegJoined
    | leg_facts.LegParted
    | leg_facts.LegEnded
    | leg_facts.BridgeFailed
    | leg_facts.SwitchLost
    | leg_facts.SwitchSeen
    | leg_facts.LegChecked
    | control_facts.RecordingMuted
    | control_facts.ControlFailed
)
"""What the switch tells."""

AgentWish = (
    agent_facts.AgentSignedIn
    | agent_facts.AgentSignedOut
    | agent_facts.AgentReady
    | agent_facts.AgentNotReady
    | agent_facts.WrapUpDone
    | agent_facts.DeviceChosen
    | agent_facts.CallDisposed
    | agent_facts.SoundMeasured
)
ControlWish = (
    control_facts.HoldAsked
    | control_facts.TakeBackAsked
    | control_facts.PauseAsked
    | control_facts.ResumeAsked
    | control_facts.TransferAsked
    | control_facts.NuisanceMarked
)
"""What agents ask for of the call in hand."""

ControlFact = ControlWish | control_facts.RecordingMuted | control_facts.ControlFailed
OpenFact = (
    open_facts.OpenQueueJoined
    | open_facts.OpenQueueLeft
    | open_facts.OpenQueueServed
    | open_facts.OpenTalkEnded
    | open_facts.CallbackLeft
)
EstimateFact = estimate_facts.EstimatesRebuilt
RecordingFact = recording_facts.RecordingStored | recording_facts.RecordingMissing
ToldFact = (
    FlowFact
    | LegFact
    | OpenFact
    | AgentWish
    | ControlFact
    | RecordingFact
    | EstimateFact
    | floor_facts.FloorPublished
    | Tick
)
"""Facts that come from outside: what the engine is told."""

OfferFact = (
    offer_facts.OfferStarted
    | offer_facts.OfferRang
    | offer_facts.OfferAnswered
    | offer_facts.OfferTimedOut
    | offer_facts.OfferDeclined
    | offer_facts.OfferFailed
    | offer_facts.OfferWithdrawn
    | offer_facts.OfferAnsweredLate
)
EstablishedFact = (
    OfferFact
    | routing_facts.RoutingDecided
    | offer_facts.CallLeftLine
    | offer_facts.CallConnected
    | offer_facts.ConversationEnded
    | offer_facts.CallAdopted
    | offer_facts.CallClosed
    | agent_facts.WrapUpStarted
    | agent_facts.WrapUpEnded
    | agent_facts.AgentStateEntered
    | floor_facts.QueueClosed
    | control_facts.CallHeld
    | control_facts.CallTakenBack
    | control_facts.CallTransferred
    | control_facts.RecordingPaused
    | control_facts.RecordingResumed
)
"""Facts that the engine itself states."""

Fact = ToldFact | EstablishedFact

ALL_FACTS: tuple[type[Fact], ...] = get_args(Fact)
