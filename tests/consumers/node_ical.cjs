// Every occurrence of a feed as node-ical sees it: node node_ical.cjs FEED FROM TO → JSON lines [begin, end, title].
const ical = require("node-ical");
const [, , file, from, to] = process.argv;
const parsed = ical.sync.parseFile(file);
const tell = (event, start, end) => console.log(JSON.stringify([new Date(start).toISOString(), new Date(end).toISOString(), text(event.summary)]));
const text = (value) => (value && value.val !== undefined ? value.val : value);
for (const event of Object.values(parsed).filter((one) => one.type === "VEVENT")) {
  if (!event.rrule) { tell(event, event.start, event.end); continue; }
  for (const one of ical.expandRecurringEvent(event, { from: new Date(from), to: new Date(to), expandOngoing: true })) tell(one.event, one.start, one.end);
}
