"""The addresses of approval."""

from django.urls import path

from windows.approvals.api.comments import Comments
from windows.approvals.api.delegations import Delegations, EndDelegation
from windows.approvals.api.emergencies import ApproveAfterwards, Emergencies
from windows.approvals.api.freeze_moves import FreezeMoves
from windows.approvals.api.lead_times import LeadTimes
from windows.approvals.api.policies import OnePolicy, Policies
from windows.approvals.api.requests import Approvals, Approve, Inbox, Reject, RequestApproval, Withdraw
from windows.approvals.api.series import ApproveFollowing, EditFollowing, RejectFollowing, RequestFollowing
from windows.approvals.api.upserting import ByReference, Validate
from windows.approvals.api.windows import NextSlot, OneWindow
from windows.approvals.views.board import board
from windows.approvals.views.comments import ask_question, comments_page, comments_panel
from windows.approvals.views.delegations import delegations, end_delegation
from windows.approvals.views.emergencies import approve_afterwards
from windows.approvals.views.following import following
from windows.approvals.views.freeze_moves import freeze_moves
from windows.approvals.views.inbox import inbox
from windows.approvals.views.links import decide_by_mail
from windows.approvals.views.moving import give_way, next_slot
from windows.approvals.views.policies import edit_policy, policy_list, remove_policy
from windows.approvals.views.requests import approve, reject, request_approval, withdraw_request

api = [
    path("windows/by-ref/<path:external_ref>", ByReference.as_view()),
    path("windows-validate", Validate.as_view()),
    path("windows/<str:reference>", OneWindow.as_view()),
    path("windows/<str:reference>/approvals", Approvals.as_view()),
    path("windows/<str:reference>/comments", Comments.as_view()),
    path("windows/<str:reference>/request", RequestApproval.as_view()),
    path("windows/<str:reference>/withdraw", Withdraw.as_view()),
    path("windows/<str:reference>/approve", Approve.as_view()),
    path("windows/<str:reference>/reject", Reject.as_view()),
    path("windows/<str:reference>/following", EditFollowing.as_view()),
    path("windows/<str:reference>/following/request", RequestFollowing.as_view()),
    path("windows/<str:reference>/following/approve", ApproveFollowing.as_view()),
    path("windows/<str:reference>/following/reject", RejectFollowing.as_view()),
    path("windows/<str:reference>/next-slot", NextSlot.as_view()),
    path("freezes/<int:freeze_id>/moves", FreezeMoves.as_view()),
    path("windows/<str:reference>/approve-afterwards", ApproveAfterwards.as_view()),
    path("approvals", Inbox.as_view()),
    path("approvals/emergencies", Emergencies.as_view()),
    path("approvals/lead-times", LeadTimes.as_view()),
    path("delegations", Delegations.as_view()),
    path("delegations/<int:delegation_id>", EndDelegation.as_view()),
    path("policies", Policies.as_view()),
    path("policies/<int:policy_id>", OnePolicy.as_view()),
]
pages = [
    path("settings/policies/", policy_list, name="policies"),
    path("settings/policies/new", edit_policy, name="new-policy"),
    path("settings/policies/<int:policy_id>", edit_policy, name="edit-policy"),
    path("settings/policies/<int:policy_id>/remove", remove_policy, name="remove-policy"),
    path("settings/delegations/", delegations, name="delegations"),
    path("settings/delegations/<int:delegation_id>/end", end_delegation, name="end-delegation"),
    path("settings/freezes/<int:freeze_id>/moves", freeze_moves, name="freeze-moves"),
    path("approvals/", inbox, name="approvals"),
    path("approvals/board", board, name="board"),
    path("approvals/by-mail/<str:secret>", decide_by_mail, name="decide-by-mail"),
    path("windows/<str:reference>/approve-afterwards", approve_afterwards, name="approve-afterwards"),
    path("windows/<str:reference>/request", request_approval, name="request-approval"),
    path("windows/<str:reference>/comments", comments_page, name="comments"),
    path("windows/<str:reference>/comments/panel", comments_panel, name="comments-panel"),
    path("windows/<str:reference>/ask", ask_question, name="ask"),
    path("windows/<str:reference>/following", following, name="following"),
    path("windows/<str:reference>/next-slot", next_slot, name="next-slot"),
    path("windows/<str:reference>/asked-to-move/<int:request_id>/move", give_way, name="give-way"),
    path("windows/<str:reference>/withdraw", withdraw_request, name="withdraw"),
    path("windows/<str:reference>/approve", approve, name="approve"),
    path("windows/<str:reference>/reject", reject, name="reject"),
]
