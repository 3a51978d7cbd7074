// From what a person types to a deal: the CRM's id, the referral's id, either address, or a part of the name.
#pragma once

#include <string>
#include <vector>

#include "engine/pair.h"

namespace cosell::cli {

// Exactly one deal, or an error of class config that lists the candidates.
Result<store::DealRow> find_deal(const engine::Pair& pair, const std::string& named);

// How a command names a deal that it tells about: the CRM's id, or the referral's.
std::string short_id(const store::DealRow& row);

}  // namespace cosell::cli
