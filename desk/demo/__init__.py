"""Demo data: eighteen months of an invented maker of planning software, told by the rules of the product.

`cast` people and teams · `marketing` campaigns, content and spends · `money` margin, dollars, a corrected credit
`words` names and sentences · `clock` working hours
`people` who responds · `arrivals` when · `scene` what waits on the last day
`life` one lead and the rows its moves leave · `fates` what becomes of it · `dates` when opportunities are to close
`own_fields` fields of one's own · `documents` definition and agreement
`loop` routing, talks, requests and what marketing changed · `score` who is ready, a draft, and what was learnt
`quotas` what everybody is to reach
`writing` bulk inserts · `story` puts it together.
"""
