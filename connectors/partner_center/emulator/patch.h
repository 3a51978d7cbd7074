// The patch call: which paths may be written in which state, and with which values.
#pragma once

#include "connectors/emulator/toolkit.h"
#include "connectors/partner_center/emulator/call.h"
#include "connectors/partner_center/emulator/problem.h"

namespace cosell::emulator::partner_center {

struct PatchOptions {
  std::optional<std::string> if_match;  // as sent
  bool in_portal = false;               // a person edits: more paths than the API has
};

// Applies a JSON Patch as a whole or not at all, and answers the document as it is stored then.
Outcome<Json> patch_referral(Call& call, const Referral& referral, const Json& operations, const PatchOptions& options);

}  // namespace cosell::emulator::partner_center
