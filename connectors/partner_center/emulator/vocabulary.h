// The closed vocabularies of the emulated service: enum values, currencies and countries.
#pragma once

#include <string_view>
#include <vector>

namespace cosell::emulator::partner_center {

using Words = std::vector<std::string_view>;

extern const Words kReferralTypes;
extern const Words kQualifications;
extern const Words kStatuses;
extern const Words kSubstatuses;
extern const Words kDirections;
extern const Words kCustomerSizes;
extern const Words kAssistanceCodes;
extern const Words kTargetTypes;
extern const Words kSolutionTypes;
extern const Words kMarketplaceIntents;
extern const Words kStagePercents;
extern const Words kStageNames;
extern const Words kRegistrationStatuses;

bool is_one_of(const Words& words, std::string_view word);
bool is_currency(std::string_view code);  // ISO 4217, upper case
bool is_country(std::string_view code);   // ISO 3166-1 alpha-2, upper case

}  // namespace cosell::emulator::partner_center
