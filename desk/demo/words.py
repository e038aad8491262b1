"""Names, companies and sentences of the demo."""

# Country: first names, last names, towns, dialling code, legal form, top-level domain.
COUNTRIES: dict[str, tuple[list[str], list[str], list[str], str, str, str]] = {
    "Germany": (
        "Anja Birgit Claudia Dirk Eva Frank Heike Holger Jens Katrin Lukas Markus Petra Ralf Sabine Sven Uwe".split(),
        "Arnold Becker Dietrich Engel Falk Gerber Hartmann Jung Kaiser Lorenz Maurer Neumann Pohl Seidel".split(),
        "Augsburg Bochum Chemnitz Dortmund Heilbronn Kassel Lippe Siegen Solingen Ulm".split(), "+49 30", "GmbH", "de",
    ),
    "Austria": (
        "Barbara Christoph Doris Florian Georg Ingrid Karin Manfred Renate Stefan".split(),
        "Auer Brunner Egger Fuchs Gruber Hofer Leitner Moser Pichler Steiner".split(),
        "Graz Linz Steyr Villach Wels".split(), "+43 1", "GmbH", "at",
    ),
    "Switzerland": (
        "Beat Corinne Daniel Reto Regula Simone Thomas Urs".split(),
        "Aebi Frei Graf Keller Meier Suter Wyss Zimmermann".split(),
        "Aarau Baden Thun Winterthur Zug".split(), "+41 44", "AG", "ch",
    ),
    "France": (
        "Agathe Bruno Camille Denis Elodie Julien Mathilde Olivier Pascal Sophie".split(),
        "Bernard Chevalier Dumont Fabre Girard Lambert Moreau Perrin Roussel Vidal".split(),
        "Angers Colmar Dijon Grenoble Nantes Reims".split(), "+33 1", "SAS", "fr",
    ),
    "Italy": (
        "Alessio Bianca Carlo Elisa Fabio Giulia Luca Paola Silvia Stefano".split(),
        "Barbieri Conti Ferrari Galli Marino Parisi Ricci Serra Testa Villa".split(),
        "Bergamo Brescia Modena Parma Vicenza".split(), "+39 02", "SpA", "it",
    ),
    "Sweden": (
        "Astrid Björn Elin Fredrik Gunilla Johan Karin Mats Nils Sofia".split(),
        "Andersson Berg Dahl Ekström Lind Nyberg Sandell Sjögren Wallin Åberg".split(),
        "Borås Gävle Jönköping Skövde Västerås".split(), "+46 8", "AB", "se",
    ),
    "Denmark": (
        "Anders Bente Henrik Jette Kasper Lene Mette Rasmus Søren Ulla".split(),
        "Bach Friis Holst Jensen Krogh Lund Mikkelsen Nygaard Riis Winther".split(),
        "Aalborg Esbjerg Horsens Kolding Vejle".split(), "+45 33", "A/S", "dk",
    ),
    "Netherlands": (
        "Anouk Bram Daan Esther Femke Joost Maaike Pieter Ruben Sanne".split(),
        "Bakker Dekker Hendriks Jansen Kuipers Mulder Postma Smit Visser Vos".split(),
        "Apeldoorn Breda Eindhoven Hengelo Tilburg".split(), "+31 20", "BV", "nl",
    ),
    "United Kingdom": (
        "Alison Charlotte Daniel Emma Gareth Helen James Nicola Oliver Priya Rachel Simon".split(),
        "Ashworth Bennett Carter Doyle Fletcher Hughes Marsh Patel Reid Thornton Walsh Whitaker".split(),
        "Bolton Coventry Derby Leeds Preston Telford".split(), "+44 20", "Ltd", "co.uk",
    ),
    "Poland": (
        "Agnieszka Bartosz Dorota Ewa Grzegorz Jakub Magdalena Marek Piotr Zofia".split(),
        "Adamski Czarnecki Górska Kamińska Lis Mazur Nowicki Pawlak Sikora Zieliński".split(),
        "Bielsko Gliwice Kielce Radom Rzeszów".split(), "+48 22", "Sp. z o.o.", "pl",
    ),
}  # fmt: skip
# How often each country writes to us.
COUNTRY_WEIGHTS = {
    "Germany": 26, "Austria": 9, "Switzerland": 7, "France": 7, "Italy": 7,
    "Sweden": 13, "Denmark": 10, "Netherlands": 9, "United Kingdom": 8, "Poland": 4,
}  # fmt: skip

# Industry: what such companies are called.
INDUSTRIES = {
    "Machinery": ["Maschinenbau", "Antriebe", "Engineering", "Automation"],
    "Metal processing": ["Guss", "Metall", "Steel", "Precision"],
    "Plastics": ["Kunststoff", "Polymer", "Moulding"],
    "Food": ["Bakery", "Dairy", "Foods"],
    "Furniture": ["Möbel", "Interiors", "Joinery"],
    "Electronics": ["Elektronik", "Circuits", "Sensors"],
    "Packaging": ["Packaging", "Karton", "Pack"],
    "Medical devices": ["Medtech", "Surgical"],
}
WEAK_INDUSTRIES = {"Consulting": ["Consulting", "Advisors"], "Retail": ["Handel", "Store"], "Education": ["Academy"]}
PRODUCTS = ["Planner", "Scheduler", "Shop-floor board"]
TITLES = {
    "fit": [
        "Head of Production Planning", "Plant Manager", "Operations Director", "Production Planner",
        "Supply Chain Manager", "Head of Operations", "Production Manager", "COO", "Planning Team Lead",
    ],
    "weak": ["Office Manager", "IT Administrator", "Purchasing Assistant", "Consultant", "Marketing Manager", "Owner"],
    "nobody": ["Student", "Student", "Student, Industrial Engineering", "Intern", "", "Teacher"],
}  # fmt: skip
UNIVERSITIES = ["TU Ilmenau", "KTH Stockholm", "FH Aachen", "Aalborg University", "HTW Berlin", "Politecnico di Torino"]
FREE_MAIL = ["gmx.example", "mailbox.example", "post.example"]

PROMISES = [
    "A 30-minute demo with their own order list, this week.",
    "A call back before Thursday; mornings are best.",
    "A price for two plants and forty planners.",
    "To show how rush orders move the rest of the week.",
    "To talk about the interface to their ERP with somebody technical on the call.",
    "The case study of Aalto Pumps and a reference they can phone.",
    "An answer on whether the board runs on the screens they already have.",
    "",
    "",
]
ACCEPT_COMMENTS = [
    "Plans three lines in one spreadsheet, sounds urgent.",
    "Met her team at the fair, will call today.",
    "Good one: two plants and a new production head.",
    "Knows us from Aalto Pumps.",
    "Asked about the ERP interface, taking Jonas to the call.",
]
VERDICT_COMMENTS = {
    "wrong_rep": ["Lars has been talking to their sister plant.", "Rosa knows them from the last round."],
    "wrong_territory": ["Plant is in the other region.", "Head office decides, and that sits elsewhere."],
    "wrong_specialism": ["Process industry, needs somebody who knows batch planning."],
    "already_ours": ["We have an open opportunity with their purchasing."],
    "duplicate": ["Same person as last month, other e-mail address."],
    "missing_data": [
        "No phone and the company field says “n/a”.", "Only a first name and a mailbox.", "No way to call him.",
    ],
    "wrong_data": [
        "The number belongs to a dentist.", "He left that company two years ago.", "The company is another one.",
    ],
    "unreachable_data": [
        "Mail bounces, number is not in service.", "Rings through to a fax.", "Mailbox does not exist.",
    ],
    "company_size": ["Six people, plans on a whiteboard and is happy.", "Four employees, no planner."],
    "industry": ["Consultancy, wants to compare tools for a client.", "A shop, nothing is made there."],
    "geography": ["Everything is made in Asia, no planner over here."],
    "no_authority": ["Intern collecting material for the boss.", "Has no say in tools and no wish to ask."],
    "competitor_or_student": [
        "Student, wanted the e-bike.", "Writing a thesis, no company behind it.",
        "Wanted to win the bike, never heard of us.", "Works for a competitor.",
    ],
    "no_project": ["ERP change first, planning after that.", "Happy with what they have until next year."],
    "budget_later": ["Budget is decided in autumn, call again then.", "Spending stop until the new year."],
    "researching": ["Just reading, nobody asked for a tool.", "Compares ten tools for a report."],
    "other": ["Plant is for sale, nobody decides anything now."],
}  # fmt: skip
QUALIFIED = {
    "need": [
        "Every rush order means a new plan by hand, twice a week.",
        "Cannot say when an order will be ready; customers phone daily.",
        "Two planners retire next year and everything is in their heads.",
        "Overtime rose by a third and nobody knows which order caused it.",
        "New plant opens, the spreadsheet does not scale to four lines.",
    ],
    "authority": [
        "Decides with the CFO", "Budget is his own", "Plant manager signs", "Board approves above 50,000",
        "Needs IT to agree",
    ],
    "timing": [
        "Before the summer shutdown", "This quarter", "With the ERP update in spring", "Next budget year",
        "As soon as possible",
    ],
}  # fmt: skip
RETURN_NOTES = {
    "no_answer": ["Six calls, two mails, nothing.", "Never picks up, assistant says “after the holidays” each time."],
    "not_now": ["Project moved to next year.", "Asked me to come back after the audit."],
    "project_stopped": ["New owner stopped all projects."],
    "other": ["On parental leave, colleague knows nothing."],
}
DISQUALIFY_NOTES = {
    "not_a_fit": ["Makes one product all year, nothing to plan.", "Job shop of three people."],
    "no_need": ["Their ERP does all they want."],
    "do_not_contact": ["Asked not to be called again."],
}
LOSS_NOTES = {
    "no_decision": [
        "Everybody liked it, nobody signed.",
        "Fell asleep after the second demo.",
        "Steering group never met.",
    ],
    "competitor": ["Took the module of their ERP vendor.", "Chose Planivo, their sister company uses it."],
    "price": ["40 % over what they had in mind.", "Wanted it per plant, not per planner."],
    "timing": ["ERP roll-out eats all hands this year."],
    "product_gap": ["Needs batch tracing we do not have."],
    "champion_left": ["Our champion changed company in week three."],
}
COMPETITORS = ["Planivo", "OrderGrid", "ERP vendor's module"]
CALL_NOTES = [
    "Plans by spreadsheet, wants to see rush orders. Demo agreed.",
    "Had ten minutes: two plants, thirty orders a day, one planner.",
    "Knows the problem, asked for the price list first.",
    "Friendly, the ERP contract ends next year. Sends me their order list.",
    "Asked who else in their trade uses it.",
]
SELLING_NOTES = [
    "Went through the order list; the bottleneck is the paint shop.",
    "They want their IT at the table next time.",
    "Price is fine for one plant, the second has to wait.",
    "Works council asks what the board shows about people.",
    "Reference call with Aalto Pumps went well.",
    "Sent the offer with two options; answer promised this week.",
    "New production head starts in May and wants a say.",
    "Pilot line chosen: assembly 3.",
]
COLLEAGUES = ["Head of Finance", "IT Manager", "Works Council", "Plant Manager", "Purchasing", "Planner"]
FIRST_CALL = ("call", "First call")
NEXT_STEPS = {
    "accepted": [("call", "Call again"), FIRST_CALL, ("email", "Send the case study, then call")],
    "qualified": [("meeting", "Demo with their order list"), ("call", "Agree on the people for the demo")],
    "opportunity": [
        ("call", "Ask for the decision"), ("email", "Send the offer"), ("meeting", "Meet IT about the interface"),
        ("todo", "Work out the price for two plants"), ("call", "Check what the steering group said"),
    ],
}  # fmt: skip
# What marketing asks below a verdict, and what sales answers.
TALKS = {
    "accepted": [
        ("good to hear! Which of our pages did she mention?", "The planner board. She had printed the case study."),
        ("what made this one urgent?", "A rush order from their largest customer, every Friday."),
        ("shall we invite their second plant to the webinar?", "Please do, the plant manager is called Dekker."),
    ],
    "clerical": [
        ("sorry about that. I found the switchboard, is that enough?", "Yes, got through. Thanks for the repair."),
        ("the form did not ask for a phone number; it does now.", "Good. Half of my last ten had none."),
    ],
    "definitional": [
        ("how small is too small for you?", "Below thirty people nobody plans, the boss does it by heart."),
        ("was it the company or the person?", "The person. The company would fit, look for their head of production."),
        ("I took the job board out of the campaign, that should end these.", "Thanks, I noticed it this week already."),
        ("we count students out from Monday on.", "Great, that is a third of my inbox."),
    ],
    "timing": [
        ("did they say when their budget round is?", "October. I would call in September with the Aalto case."),
        ("I put them on the newsletter until spring, fine?", "Perfect, but no phone calls please."),
    ],
    "procedural": [
        ("who looks after this region now?", "Lars does since the summer, I told him."),
    ],
}  # fmt: skip
THEMES = ["Price", "Integration", "Delivery time", "References", "Security"]
IMPROVEMENTS = {
    "letters": "Who has no project now gets a letter a quarter with one case, and comes back when they answer.",
    "industry": "Consultants and shops are excluded from all paid audiences.",
    "prize": "The prize draw ends early. The next prize is a planning workshop, not something everybody wants.",
    "definition": "Version 2 of the definition asks for fifty people at least and counts students out.",
    "partner": "The partner's form demands a phone number and checks the e-mail before a lead reaches us.",
    "search": "Search words about spreadsheets and templates are off; they brought workshops of three.",
    "fair": "We keep inviting visitors from outside our regions: they are few, and two became partners.",
    "paper": "The white paper now asks “When do you plan to decide?”; who only reads stays with us until then.",
}
