// Finds the records that refused creates have met, by the id that the refusal names or by the key.
#include "connectors/salesforce/salesforce_existing.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "base/text.h"
#include "connectors/salesforce/salesforce_ids.h"

namespace cosell::salesforce {
namespace {

constexpr const char* kDuplicateValue = "DUPLICATE_VALUE";
constexpr std::string_view kUntold = "<unknown>";

// "duplicate value found: X__c duplicates value on record with id: 006…"; empty where the id is not told.
RecordId id_in(const std::string& words) {
  constexpr std::string_view kBefore = "record with id: ";
  const std::size_t at = words.find(kBefore);
  if (at == std::string::npos) return {};
  const std::size_t begin = at + kBefore.size();
  const std::size_t end = words.find_first_of(" ,;:.\"]", begin);
  std::string id = normal_salesforce_id(words.substr(begin, end == std::string::npos ? end : end - begin));
  return is_salesforce_id(id) ? RecordId(std::move(id)) : RecordId();
}

const Error* refusal_by_key(const Operation& op, const std::optional<Outcome>& outcome) {
  if (op.verb != Verb::create || op.kind != RecordKind::opportunity || !outcome) return nullptr;
  const Error* e = std::get_if<Error>(&outcome->what);
  return e != nullptr && e->kind == ErrorClass::precondition && e->rule == kDuplicateValue ? e : nullptr;
}

Error out_of_sight(Error refusal) {
  refusal.kind = ErrorClass::rejected;
  const bool told = refusal.detail.find(kUntold) == std::string::npos;
  refusal.message = (told ? std::string("Another opportunity in Salesforce carries the same referral")
                          : "Another opportunity in Salesforce carries the same referral or another value that must "
                            "be unique (" +
                                refusal.detail + ")") +
                    ", and the bridge's user may not see it. Give the user read access to all opportunities.";
  return refusal;
}

Applied link_to(const Observation& there, const Operation& op) {
  Applied applied;
  applied.id = there.id;
  for (const auto& [name, value] : op.changes) {
    const bool hidden = std::find(there.hidden.begin(), there.hidden.end(), name) != there.hidden.end();
    const auto shown = there.columns.find(name);
    if (!hidden && shown != there.columns.end()) applied.shown[name] = shown->second;
  }
  return applied;
}

// As a whole name in any case, not as part of a longer one; the words around it are in the user's language.
bool names_column(const std::string& words, const std::string& column) {
  const std::string lower = text::lower_ascii(words);
  const std::string name = text::lower_ascii(column);
  const auto goes_on = [&](std::size_t at) {
    return at < lower.size() && (lower[at] == '_' || std::isalnum(static_cast<unsigned char>(lower[at])) != 0);
  };
  for (std::size_t at = lower.find(name); at != std::string::npos; at = lower.find(name, at + 1)) {
    if ((at == 0 || !goes_on(at - 1)) && !goes_on(at + name.size())) return true;
  }
  return false;
}

// The creates that met a record by their key, as far as nothing is known of that record.
std::vector<std::size_t> met_by_key(std::span<const Operation> operations,
                                    const std::vector<std::optional<Outcome>>& outcomes) {
  std::vector<std::size_t> met;
  for (std::size_t i = 0; i < operations.size(); ++i) {
    if (refusal_by_key(operations[i], outcomes[i]) != nullptr) met.push_back(i);
  }
  return met;
}

// The record that has the id, or carries the key: one that is there before those in the recycle bin, which may carry
// the same key. Null: none that the user sees.
const Observation* best_match(const std::vector<Observation>& found, const RecordRef& ref, const BridgeKey& key) {
  const Observation* best = nullptr;
  for (const Observation& o : found) {
    if (o.id != ref.id && !text::equals_ignore_case(o.key.value, key.value)) continue;
    if (best == nullptr || (best->existence != Existence::live && o.existence == Existence::live)) best = &o;
  }
  return best;
}

}  // namespace

bool is_about_key(const ServerError& refusal, const std::string& key_column) {
  if (refusal.code != kDuplicateValue) return false;
  const auto is_key = [&](const std::string& f) { return text::equals_ignore_case(f, key_column); };
  return std::any_of(refusal.fields.begin(), refusal.fields.end(), is_key) ||
         names_column(refusal.message, key_column) || refusal.message.find(kUntold) != std::string::npos;
}

void fail_existing(std::span<const Operation> operations, std::vector<std::optional<Outcome>>& outcomes,
                   const Error& error) {
  for (const std::size_t i : met_by_key(operations, outcomes)) outcomes[i]->what = error;
}

void settle_existing(Call& call, SalesforceReads& reads, std::span<const Operation> operations,
                     std::vector<std::optional<Outcome>>& outcomes) {
  const std::vector<std::size_t> met = met_by_key(operations, outcomes);
  std::vector<RecordRef> refs;
  std::vector<std::string> columns;
  for (const std::size_t i : met) {
    RecordRef& ref = refs.emplace_back();
    ref.id = id_in(std::get<Error>(outcomes[i]->what).detail);
    if (ref.id.empty()) ref.key = operations[i].target.key;
    for (const auto& [name, value] : operations[i].changes) {
      if (std::find(columns.begin(), columns.end(), name) == columns.end()) columns.push_back(name);
    }
  }
  if (met.empty()) return;
  const auto found = reads.fetch(call, refs, columns);
  for (std::size_t n = 0; n < met.size(); ++n) {
    const Operation& op = operations[met[n]];
    Outcome& outcome = *outcomes[met[n]];
    if (!found) {
      // The create was refused; only the look at what is there failed.
      Error e = found.error();
      if (e.kind == ErrorClass::unknown || e.kind == ErrorClass::bad_response) e.kind = ErrorClass::transient;
      const bool of_records = text::starts_with(e.rule, "INSUFFICIENT_ACCESS");  // else of the organisation or the user
      e.of_one_record = e.of_one_record || (e.kind == ErrorClass::forbidden && of_records);
      outcome.what = std::move(e);
      continue;
    }
    const Observation* there = best_match(*found, refs[n], op.target.key);
    // No deleted record refuses a create: the one that this met is another, unless it was named and deleted since.
    const bool is_another = there != nullptr && there->existence != Existence::live && there->id != refs[n].id;
    if (there == nullptr || is_another) {
      outcome.what = out_of_sight(std::get<Error>(outcome.what));
    } else if (there->existence == Existence::live && text::equals_ignore_case(there->key.value, op.target.key.value)) {
      outcome.what = link_to(*there, op);
    }  // else it was deleted or lost the key since: the create is planned again
  }
}

}  // namespace cosell::salesforce
