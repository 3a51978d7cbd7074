// The names of the contract's kinds and verbs, as the store and the journal keep them.
#include "connectors/connector.h"

namespace cosell {

const char* name_of(RecordKind k) {
  switch (k) {
    case RecordKind::opportunity:
      return "opportunity";
    case RecordKind::account:
      return "account";
    case RecordKind::contact:
      return "contact";
    case RecordKind::owner:
      return "owner";
    case RecordKind::referral:
      return "referral";
    case RecordKind::microsoft_half:
      return "microsoft_half";
  }
  return "";
}

std::optional<RecordKind> record_kind_from(const std::string& name) {
  for (const RecordKind k : {RecordKind::opportunity, RecordKind::account, RecordKind::contact, RecordKind::owner,
                             RecordKind::referral, RecordKind::microsoft_half}) {
    if (name == name_of(k)) return k;
  }
  return std::nullopt;
}

const char* name_of(Verb v) { return v == Verb::create ? "create" : "update"; }

}  // namespace cosell
