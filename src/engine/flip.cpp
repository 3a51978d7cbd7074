// The memory of a fight is a mark of the deal: time, direction and value of the last few journeys of a field.
#include "engine/flip.h"

#include <algorithm>
#include <vector>

#include "base/text.h"
#include "engine/marks.h"
#include "store/codec.h"

namespace cosell::engine {

namespace {

using reconcile::FieldDecision;
using reconcile::Reason;
using reconcile::Verdict;

constexpr std::size_t journeys_kept = 6;  // three times there and back
constexpr Duration memory = days(1);

struct Journey {
  Instant at{};
  std::string what;  // hash of the value
};

std::vector<Journey> read_journeys(const store::DealRow& row, const std::string& mark, Instant now) {
  std::vector<Journey> journeys;
  const auto known = row.marks.find(mark);
  if (known == row.marks.end()) return journeys;
  for (const std::string& line : text::split(known->second, '\n')) {
    const auto space = line.find(' ');
    if (space == std::string::npos) continue;
    const auto at = parse_instant(line.substr(0, space));
    if (at && now - *at < memory) journeys.push_back({*at, line.substr(space + 1)});
  }
  return journeys;
}

std::string written(const std::vector<Journey>& journeys) {
  std::string out;
  for (const Journey& j : journeys) out += (out.empty() ? "" : "\n") + to_string(j.at) + " " + j.what;
  return out;
}

std::string hash_of(const Value& value) {
  Columns one;
  one["value"] = value;
  return text::sha256_hex(store::encode(one)).substr(0, 16);
}

bool back_and_forth(const std::vector<Journey>& journeys) {
  if (journeys.size() < journeys_kept || journeys[0].what == journeys[1].what) return false;
  for (std::size_t i = 2; i < journeys.size(); ++i) {
    if (journeys[i].what != journeys[i - 2].what) return false;
  }
  return true;
}

}  // namespace

std::optional<FoughtOver> hold_fought_over(store::DealRow& row, reconcile::Decision& decision, Instant now) {
  std::optional<FoughtOver> first;
  for (FieldDecision& d : decision.fields) {
    if (d.verdict != Verdict::to_crm && d.verdict != Verdict::to_partner_center) continue;
    const std::string mark = journey_prefix + info(d.field).name;
    auto journeys = read_journeys(row, mark, now);
    const std::string what = hash_of(d.result);
    if (journeys.empty() || journeys.back().what != what) journeys.push_back({now, what});
    if (journeys.size() > journeys_kept) journeys.erase(journeys.begin());
    row.marks[mark] = written(journeys);
    if (!back_and_forth(journeys)) continue;
    if (!first) {
      first = FoughtOver{d.field, d.verdict == Verdict::to_crm ? Side::partner_center : Side::crm,
                         static_cast<int>(journeys.size()), journeys.front().at};
    }
    d.verdict = Verdict::held;
    d.reason = Reason::fought_over;
  }
  return first;
}

void forget_fights(store::DealRow& row) {
  std::erase_if(row.marks, [](const auto& mark) { return text::starts_with(mark.first, journey_prefix); });
}

}  // namespace cosell::engine
