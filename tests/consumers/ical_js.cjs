// Every occurrence of a feed as Mozilla's ical.js sees it: node ical_js.cjs FEED → JSON lines [begin, end, title].
const loaded = require("ical.js");
const ICAL = loaded.default || loaded;
const calendar = new ICAL.Component(ICAL.parse(require("fs").readFileSync(process.argv[2], "utf8")));
for (const zone of calendar.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(zone);
const tell = (event, start, end) =>
  console.log(JSON.stringify([start.toJSDate().toISOString(), end.toJSDate().toISOString(), event.summary]));
const events = calendar.getAllSubcomponents("vevent").map((one) => new ICAL.Event(one));
const exceptions = events.filter((event) => event.isRecurrenceException());
for (const event of events.filter((one) => !one.isRecurrenceException())) {
  exceptions.filter((one) => one.uid === event.uid).forEach((one) => event.relateException(one));
  if (!event.isRecurring()) { tell(event, event.startDate, event.endDate); continue; }
  const found = event.iterator();
  for (let next = found.next(), most = 0; next && most < 2000; next = found.next(), most++) {
    const { item, startDate, endDate } = event.getOccurrenceDetails(next);
    tell(item, startDate, endDate);
  }
}
