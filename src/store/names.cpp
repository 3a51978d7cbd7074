// The names of the store's closed choices, one table per choice in the order of its enumeration.
#include "store/names.h"

#include <array>
#include <cstddef>

namespace cosell::store {
namespace {

constexpr std::array<const char*, 2> kSides = {"crm", "partner_center"};
constexpr std::array<const char*, 4> kExistences = {"unseen", "live", "deleted", "out_of_scope"};
constexpr std::array<const char*, 5> kDealStates = {"skipped", "in_sync", "changed", "waiting", "failed"};
constexpr std::array<const char*, 7> kWaits = {"nobody", "seller", "admin",         "microsoft",
                                               "date",   "you",    "partner_center"};
constexpr std::array<const char*, 6> kOperationStates = {"planned",  "sent",    "applied",
                                                         "rejected", "unknown", "dropped"};
constexpr std::array<const char*, 9> kJournalKinds = {"observed", "decided", "intended", "outcome", "linked",
                                                      "waiting",  "person",  "mapping",  "run"};

template <class Choice, std::size_t N>
const char* name_in(const std::array<const char*, N>& names, Choice choice) {
  const auto i = static_cast<std::size_t>(choice);
  return i < N ? names[i] : "?";
}

template <class Choice, std::size_t N>
std::optional<Choice> choice_in(const std::array<const char*, N>& names, std::string_view name) {
  for (std::size_t i = 0; i < N; ++i) {
    if (name == names[i]) return static_cast<Choice>(i);
  }
  return std::nullopt;
}

}  // namespace

const char* name_of(Side s) { return name_in(kSides, s); }
const char* name_of(Existence e) { return name_in(kExistences, e); }
const char* name_of(DealState s) { return name_in(kDealStates, s); }
const char* name_of(WaitFor w) { return name_in(kWaits, w); }
const char* name_of(OperationState s) { return name_in(kOperationStates, s); }
const char* name_of(JournalKind k) { return name_in(kJournalKinds, k); }

std::optional<Side> side_from(std::string_view name) { return choice_in<Side>(kSides, name); }
std::optional<Existence> existence_from(std::string_view name) { return choice_in<Existence>(kExistences, name); }
std::optional<DealState> deal_state_from(std::string_view name) { return choice_in<DealState>(kDealStates, name); }
std::optional<WaitFor> wait_for_from(std::string_view name) { return choice_in<WaitFor>(kWaits, name); }
std::optional<OperationState> operation_state_from(std::string_view name) {
  return choice_in<OperationState>(kOperationStates, name);
}
std::optional<JournalKind> journal_kind_from(std::string_view name) {
  return choice_in<JournalKind>(kJournalKinds, name);
}

}  // namespace cosell::store
