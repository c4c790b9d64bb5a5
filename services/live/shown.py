"""Which facts a stream shows, and which stay inside."""

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
from acd.vocabulary.facts import Fact

SHOWN: frozenset[type[Fact]] = frozenset(
    {
        flow_facts.CallArrived,
        flow_facts.CallAnswered,
        flow_facts.StepEntered,
        flow_facts.CallRouted,
        offer_facts.CallLeftLine,
        flow_facts.FlowEnded,
        leg_facts.CallQueued,
        leg_facts.SwitchLost,
        agent_facts.AgentSignedIn,
        agent_facts.AgentSignedOut,
        agent_facts.AgentReady,
        agent_facts.AgentNotReady,
        agent_facts.AgentStateEntered,
        agent_facts.WrapUpStarted,
        agent_facts.WrapUpDone,
        agent_facts.WrapUpEnded,
        agent_facts.DeviceChosen,
        agent_facts.CallDisposed,
        open_facts.OpenQueueJoined,
        open_facts.OpenQueueLeft,
        offer_facts.OfferStarted,
        offer_facts.OfferRang,
        offer_facts.OfferAnswered,
        offer_facts.OfferTimedOut,
        offer_facts.OfferDeclined,
        offer_facts.OfferFailed,
        offer_facts.OfferWithdrawn,
        offer_facts.OfferAnsweredLate,
        offer_facts.CallConnected,
        offer_facts.ConversationEnded,
        offer_facts.CallClosed,
        control_facts.HoldAsked,
        control_facts.TakeBackAsked,
        control_facts.PauseAsked,
        control_facts.ResumeAsked,
        control_facts.ControlFailed,
        control_facts.TransferAsked,
        control_facts.CallTransferred,
        control_facts.CallHeld,
        control_facts.CallTakenBack,
        control_facts.RecordingPaused,
        control_facts.RecordingResumed,
    }
)

WITHHELD: dict[type[Fact], str] = {
    Tick: "time passes for all",
    flow_facts.LeaveAsked: "says nothing where the call stays; else another fact does",
    flow_facts.KeyPressed: "keys may be a caller's PIN",
    flow_facts.KeyTimedOut: "says nothing without the keys",
    flow_facts.PromptHeard: "the steps tell the way; it is for who improves flows",
    flow_facts.AnnouncementHeard: "the file tells what is said; it is for reports",
    flow_facts.DigitsCollected: "digits may be an account's",
    flow_facts.LookedUp: "why another system failed is for operators",
    flow_facts.BranchTaken: "the step that follows tells where it led",
    flow_facts.MessageRecorded: "where sound lies is not for every viewer",
    flow_facts.OrderCreated: "an order is for who takes the call",
    flow_facts.SmsSent: "the number is for who writes to it",
    flow_facts.HearingFailed: "why a part failed is for operators",
    flow_facts.WordsHeard: "words may be an account's number",
    flow_facts.SurveyAnswered: "answers are for reports, not for who is rated",
    flow_facts.SubFlowEntered: "the step that follows names its flow",
    flow_facts.SubFlowLeft: "the step that follows names its flow",
    flow_facts.ServiceBegun: "it is for reports",
    flow_facts.ServiceDone: "it is for reports",
    flow_facts.CallDescribed: "what a caller said is for who takes the call",
    leg_facts.LegRang: "its offer's fact tells the same",
    leg_facts.LegAnswered: "its offer's fact tells the same",
    leg_facts.LegJoined: "its call's fact tells the same",
    leg_facts.LegParted: "its call's fact tells the same",
    leg_facts.LegEnded: "its call's fact tells the same",
    leg_facts.BridgeFailed: "its offer's fact tells the same",
    control_facts.RecordingMuted: "what follows of it tells the same",
    leg_facts.SwitchSeen: "has the legs of every province in it",
    leg_facts.LegChecked: "a new snapshot tells what was found",
    routing_facts.RoutingDecided: "scores of colleagues are not for every viewer",
    offer_facts.CallAdopted: "a new snapshot tells what was found",
    open_facts.OpenQueueServed: "its call's fact tells the same",
    open_facts.OpenTalkEnded: "its call's fact tells the same",
    open_facts.CallbackLeft: "the number is for who calls back",
    estimate_facts.EstimatesRebuilt: "it tells of people's speed, and of all of them",
    floor_facts.FloorPublished: "a new snapshot tells the queues and agents of it",
    floor_facts.QueueClosed: "a new snapshot tells the queues there are",
    agent_facts.SoundMeasured: "it is for reports, and for who looks after the network",
    recording_facts.RecordingStored: "where sound lies is not for every viewer",
    recording_facts.RecordingMissing: "where sound lies is not for every viewer",
}
"""With the reason of each."""

UNTOLD: frozenset[type[Fact]] = frozenset(
    {leg_facts.SwitchSeen, leg_facts.LegChecked, offer_facts.CallAdopted}
    | {floor_facts.FloorPublished, floor_facts.QueueClosed}
)
"""What changes more than facts tell: after one of these a picture cannot be
carried on, and every stream goes on from a new snapshot."""
