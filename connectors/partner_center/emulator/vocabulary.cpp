// The words of the emulated service. See vocabulary.h.
#include "connectors/partner_center/emulator/vocabulary.h"

#include <algorithm>

namespace cosell::emulator::partner_center {

const Words kReferralTypes = {"Independent", "Shared"};
const Words kQualifications = {"None", "Direct", "MarketingQualified", "SalesQualified"};
const Words kStatuses = {"None", "New", "Active", "Closed"};
const Words kSubstatuses = {"None", "Pending", "Received", "Accepted", "Won", "Lost", "Declined", "Expired", "Error"};
const Words kDirections = {"Incoming", "Outgoing"};
const Words kCustomerSizes = {"1to50employees",        "51to500employees",      "Morethan500employees",
                              "1to9employees",         "10to50employees",       "51to250employees",
                              "251to1000employees",    "1001to5000employees",   "5001to10000employees",
                              "10001to20000employees", "Morethan20000employees"};
const Words kAssistanceCodes = {
    "Unknown",           "GeneralOrOther",           "CustomerTechnicalArchitecture",   "ProofOfConceptOrDemo",
    "QuotesOrLicensing", "PostSalesCustomerSuccess", "WorkloadSpecificValueProposition"};
const Words kTargetTypes = {"None", "BusinessProfileLocation", "SolutionProfile"};
const Words kSolutionTypes = {"None", "Category", "Name"};
const Words kMarketplaceIntents = {"Yes", "No", "HaveNotDecided"};
const Words kStagePercents = {"10", "20", "40", "60", "80", "100"};
const Words kStageNames = {"Qualify", "Develop", "Propose", "Close"};
const Words kRegistrationStatuses = {"ReviewPending", "ActionRequired", "Approved", "Passed", "Failed", "Closed"};

namespace {

constexpr std::string_view kCurrencies =
    " AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF "
    "CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK "
    "HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL "
    "MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON "
    "RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH "
    "UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWL ";

constexpr std::string_view kCountries =
    " AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA "
    "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA "
    "GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS "
    "MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW ";

bool listed(std::string_view list, std::string_view code, std::size_t length) {
  if (code.size() != length) return false;
  for (std::size_t at = 1; at + length < list.size(); at += length + 1) {
    if (list.substr(at, length) == code) return true;
  }
  return false;
}

}  // namespace

bool is_one_of(const Words& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool is_currency(std::string_view code) { return listed(kCurrencies, code, 3); }
bool is_country(std::string_view code) { return listed(kCountries, code, 2); }

}  // namespace cosell::emulator::partner_center
