// The closed vocabularies of a deal: standard stages (S-1..S-7), status and substatus, with their names on the wire
// and for people.
#include <array>
#include <cstdlib>

#include "base/text.h"
#include "deal/value.h"

namespace cosell {
namespace {

constexpr std::array<Stage, 6> kStages = {Stage::s10, Stage::s20, Stage::s40, Stage::s60, Stage::s80, Stage::s100};
constexpr std::array<Status, 3> kStatuses = {Status::fresh, Status::active, Status::closed};
constexpr std::array<Substatus, 8> kSubstatuses = {Substatus::pending, Substatus::received, Substatus::accepted,
                                                   Substatus::won,     Substatus::lost,     Substatus::declined,
                                                   Substatus::expired, Substatus::error};

}  // namespace

std::optional<Stage> stage_from_percent(int percent) {
  for (const Stage s : kStages) {
    if (percent_of(s) == percent) return s;
  }
  return std::nullopt;
}

Stage stage_at_or_below(int percent) {
  Stage found = Stage::s10;
  for (const Stage s : kStages) {
    if (percent_of(s) <= percent) found = s;
  }
  return found;
}

int percent_of(Stage s) { return static_cast<int>(s); }

const char* stage_title(Stage s) {
  switch (s) {
    case Stage::none:
      return "Not reported";
    case Stage::s10:
      return "Created or accepted";  // S-1, S-2
    case Stage::s20:
      return "Qualified";
    case Stage::s40:
      return "Developed";
    case Stage::s60:
      return "Proposed";
    case Stage::s80:
      return "Negotiated";
    case Stage::s100:
      return "Won";
  }
  std::abort();
}

const char* name_of(Status s) {
  switch (s) {
    case Status::fresh:
      return "New";
    case Status::active:
      return "Active";
    case Status::closed:
      return "Closed";
  }
  std::abort();
}

const char* name_of(Substatus s) {
  switch (s) {
    case Substatus::pending:
      return "Pending";
    case Substatus::received:
      return "Received";
    case Substatus::accepted:
      return "Accepted";
    case Substatus::won:
      return "Won";
    case Substatus::lost:
      return "Lost";
    case Substatus::declined:
      return "Declined";
    case Substatus::expired:
      return "Expired";
    case Substatus::error:
      return "Error";
  }
  std::abort();
}

std::optional<Status> status_from(std::string_view wire) {
  for (const Status s : kStatuses) {
    if (text::equals_ignore_case(wire, name_of(s))) return s;
  }
  return std::nullopt;
}

std::optional<Substatus> substatus_from(std::string_view wire) {
  for (const Substatus s : kSubstatuses) {
    if (text::equals_ignore_case(wire, name_of(s))) return s;
  }
  return std::nullopt;
}

}  // namespace cosell
