"""Every metric a second time, from the raw drop: plain Python and pandas, sharing no code with SQL or lander.

plan.py      the tracking plan, from its CSV files
lines.py     a raw drop → records, with why a line is none
events.py    records → accepted events: named, timed, judged, without copies
identity.py  whose an event is, by the log-ins of its device
sessions.py  sessions, and where people came from before they registered
funnels.py   who reached which step of the plan's funnels
states.py    the states of people, and who goes from which to which
people.py    who was active when, who came back
registrations.py  who registered when, through which channel
jobs.py      how jobs end
retention.py who of those registered comes back
value.py     what generations are worth and what they cost
lapses.py    who stopped; ratios of events
money.py     payments and refunds
templates.py the metrics of prompt templates over 7 and 30 days
experiments.py variants of prompt templates
gates.py     colours, gates and recommendations of prompt templates
subscriptions.py  recurring revenue and what moves it
"""
