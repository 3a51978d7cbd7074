#include "connectors/partner_center/named_member.h"

#include "base/text.h"

namespace cosell::partner_center {

const json::Value* named_member(const json::Value* object, std::string_view name) {
  if (object == nullptr) return nullptr;
  if (const json::Value* exact = object->find(name)) return exact;
  for (const json::Member& m : object->members()) {
    if (text::equals_ignore_case(m.key, name)) return &m.value;
  }
  return nullptr;
}

}  // namespace cosell::partner_center
