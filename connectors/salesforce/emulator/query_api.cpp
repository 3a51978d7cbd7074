// The query resources: page size, locators that expire, the answer's frame.
#include <algorithm>
#include <charconv>

#include "base/text.h"
#include "connectors/emulator/toolkit.h"
#include "connectors/salesforce/emulator/api.h"
#include "connectors/salesforce/emulator/query.h"

namespace cosell::emulator::salesforce {

namespace {

// Older cursors are forgotten beyond this number, as an org under load would.
constexpr std::size_t kCursorsKept = 500;

std::size_t page_size_of(const Call& call) {
  std::int64_t size = call.state.settings.page_size;
  for (const std::string& part : text::split(call.header("Sforce-Query-Options"), ',')) {
    const std::string option = text::trim(part);
    if (!text::starts_with(text::lower_ascii(option), "batchsize=")) continue;
    const auto wish = parse_number(option.substr(10));
    if (wish) size = std::min(size, std::clamp<std::int64_t>(static_cast<std::int64_t>(*wish), 200, 2000));
  }
  return static_cast<std::size_t>(std::max<std::int64_t>(1, size));
}

std::string open_cursor(Call& call, std::shared_ptr<const ResultSet> result, std::size_t page_size) {
  State& state = call.state;
  const std::string locator = to_18("0r8" + random_text(call.random, 12));
  OpenCursor cursor;
  cursor.result = std::move(result);
  cursor.page_size = page_size;
  cursor.opened = call.now;
  state.cursors[locator] = std::move(cursor);
  state.cursor_order.push_back(locator);
  if (state.cursor_order.size() > kCursorsKept) {
    state.cursors.erase(state.cursor_order.front());
    state.cursor_order.erase(state.cursor_order.begin());
  }
  return locator;
}

Answer page(const Call& call, const ResultSet& result, std::size_t from, std::size_t size, const std::string& locator) {
  const std::size_t to = std::min(result.total, from + size);
  const bool done = to >= result.total || result.query.count;
  Answer answer;
  answer.body = Json{{"totalSize", result.total}, {"done", done}};
  if (!done) answer.body["nextRecordsUrl"] = call.base() + "/query/" + locator + "-" + std::to_string(to);
  Json records = Json::array();
  for (std::size_t n = from; n < to && !result.query.count; ++n) records.push_back(render(result, n, call.version));
  answer.body["records"] = std::move(records);
  return answer;
}

Answer bad_locator() { return refuse(400, "INVALID_QUERY_LOCATOR", "invalid query locator"); }

}  // namespace

Answer query(Call& call, bool with_deleted) {
  const std::string text = call.parameter("q");
  if (text::trim(text).empty()) return refuse(400, "MALFORMED_QUERY", "SOQL statement cannot be empty");
  const auto parsed = soql::parse(text);
  if (!parsed) return refuse(parsed.error());
  auto bound = bind(call.state, *parsed, call.now);
  if (!bound) return refuse(bound.error());
  RunOptions options;
  options.with_deleted = with_deleted;
  options.now = call.now;
  auto result = std::make_shared<const ResultSet>(run(call.state, std::move(*bound), options));
  const std::size_t size = page_size_of(call);
  const bool more = !result->query.count && result->total > size;
  const std::string locator = more ? open_cursor(call, result, size) : "";
  return page(call, *result, 0, size, locator);
}

Answer query_more(Call& call, const std::string& locator) {
  const std::size_t dash = locator.find('-');
  if (dash == std::string::npos) return bad_locator();
  const std::string id = locator.substr(0, dash);
  std::size_t from = 0;
  const char* end = locator.data() + locator.size();
  const auto read = std::from_chars(locator.data() + dash + 1, end, from);
  const auto it = call.state.cursors.find(id);
  const bool known = it != call.state.cursors.end() && read.ec == std::errc() && read.ptr == end;
  if (!known || from > it->second.result->total) return bad_locator();
  if (call.now - it->second.opened > hours(call.state.settings.locator_hours)) {
    call.state.cursors.erase(it);
    return bad_locator();
  }
  return page(call, *it->second.result, from, it->second.page_size, id);
}

}  // namespace cosell::emulator::salesforce
