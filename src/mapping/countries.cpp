// The table: the name that CRMs show first, then the other exact names of the same country.
#include "mapping/countries.h"

#include <map>
#include <vector>

#include "base/text.h"

namespace cosell::mapping {
namespace {

// One line per initial letter of the code; "CODE Name|other name;".
constexpr std::string_view kCountries =
    "AD Andorra;AE United Arab Emirates;AF Afghanistan;AG Antigua and Barbuda;AI Anguilla;AL Albania;AM Armenia;"
    "AO Angola;AQ Antarctica;AR Argentina;AS American Samoa;AT Austria;AU Australia;AW Aruba;"
    "AX Åland Islands|Aland Islands;AZ Azerbaijan;"
    "BA Bosnia and Herzegovina;BB Barbados;BD Bangladesh;BE Belgium;BF Burkina Faso;BG Bulgaria;BH Bahrain;BI Burundi;"
    "BJ Benin;BL Saint Barthélemy;BM Bermuda;BN Brunei|Brunei Darussalam;"
    "BO Bolivia|Bolivia, Plurinational State of|Bolivia (Plurinational State of);"
    "BQ Bonaire, Sint Eustatius and Saba;BR Brazil;BS Bahamas|The Bahamas;BT Bhutan;BV Bouvet Island;BW Botswana;"
    "BY Belarus;BZ Belize;"
    "CA Canada;CC Cocos (Keeling) Islands;"
    "CD Congo, the Democratic Republic of the|Congo (Democratic Republic of the)|Democratic Republic of the Congo;"
    "CF Central African Republic;CG Congo|Republic of the Congo;CH Switzerland;"
    "CI Côte d'Ivoire|Cote d'Ivoire|Ivory Coast;CK Cook Islands;CL Chile;CM Cameroon;CN China;CO Colombia;"
    "CR Costa Rica;CU Cuba;CV Cape Verde|Cabo Verde;CW Curaçao|Curacao;CX Christmas Island;CY Cyprus;"
    "CZ Czech Republic|Czechia;"
    "DE Germany;DJ Djibouti;DK Denmark;DM Dominica;DO Dominican Republic;DZ Algeria;"
    "EC Ecuador;EE Estonia;EG Egypt;EH Western Sahara;ER Eritrea;ES Spain;ET Ethiopia;"
    "FI Finland;FJ Fiji;FK Falkland Islands (Malvinas)|Falkland Islands;FM Micronesia, Federated States of|Micronesia;"
    "FO Faroe Islands;FR France;"
    "GA Gabon;GB United Kingdom|UK|U.K.|Great Britain|United Kingdom of Great Britain and Northern Ireland;GD Grenada;"
    "GE Georgia;GF French Guiana;GG Guernsey;GH Ghana;GI Gibraltar;GL Greenland;GM Gambia|The Gambia;GN Guinea;"
    "GP Guadeloupe;GQ Equatorial Guinea;GR Greece;GS South Georgia and the South Sandwich Islands;GT Guatemala;"
    "GU Guam;GW Guinea-Bissau;GY Guyana;"
    "HK Hong Kong;HM Heard Island and McDonald Islands;HN Honduras;HR Croatia;HT Haiti;HU Hungary;"
    "ID Indonesia;IE Ireland;IL Israel;IM Isle of Man;IN India;IO British Indian Ocean Territory;IQ Iraq;"
    "IR Iran|Iran, Islamic Republic of|Iran (Islamic Republic of);IS Iceland;IT Italy;"
    "JE Jersey;JM Jamaica;JO Jordan;JP Japan;"
    "KE Kenya;KG Kyrgyzstan;KH Cambodia;KI Kiribati;KM Comoros;KN Saint Kitts and Nevis;"
    "KP North Korea|Korea, Democratic People's Republic of|Korea (Democratic People's Republic of);"
    "KR South Korea|Korea, Republic of|Korea (Republic of)|Republic of Korea;KW Kuwait;KY Cayman Islands;"
    "KZ Kazakhstan;"
    "LA Laos|Lao People's Democratic Republic;LB Lebanon;LC Saint Lucia;LI Liechtenstein;LK Sri Lanka;LR Liberia;"
    "LS Lesotho;LT Lithuania;LU Luxembourg;LV Latvia;LY Libya;"
    "MA Morocco;MC Monaco;MD Moldova|Moldova, Republic of|Republic of Moldova;ME Montenegro;MF Saint Martin (French "
    "part);"
    "MG Madagascar;MH Marshall Islands;MK North Macedonia|Macedonia;ML Mali;MM Myanmar;MN Mongolia;MO Macao|Macau;"
    "MP Northern Mariana Islands;MQ Martinique;MR Mauritania;MS Montserrat;MT Malta;MU Mauritius;MV Maldives;MW Malawi;"
    "MX Mexico;MY Malaysia;MZ Mozambique;"
    "NA Namibia;NC New Caledonia;NE Niger;NF Norfolk Island;NG Nigeria;NI Nicaragua;NL Netherlands|The Netherlands;"
    "NO Norway;NP Nepal;NR Nauru;NU Niue;NZ New Zealand;"
    "OM Oman;"
    "PA Panama;PE Peru;PF French Polynesia;PG Papua New Guinea;PH Philippines|The Philippines;PK Pakistan;PL Poland;"
    "PM Saint Pierre and Miquelon;PN Pitcairn;PR Puerto Rico;PS Palestine|Palestine, State of;PT Portugal;PW Palau;"
    "PY Paraguay;"
    "QA Qatar;"
    "RE Réunion|Reunion;RO Romania;RS Serbia;RU Russia|Russian Federation;RW Rwanda;"
    "SA Saudi Arabia;SB Solomon Islands;SC Seychelles;SD Sudan;SE Sweden;SG Singapore;"
    "SH Saint Helena, Ascension and Tristan da Cunha;SI Slovenia;SJ Svalbard and Jan Mayen;SK Slovakia;SL Sierra Leone;"
    "SM San Marino;SN Senegal;SO Somalia;SR Suriname;SS South Sudan;ST Sao Tome and Principe|São Tomé and Príncipe;"
    "SV El Salvador;SX Sint Maarten (Dutch part);SY Syria|Syrian Arab Republic;SZ Eswatini|Swaziland;"
    "TC Turks and Caicos Islands;TD Chad;TF French Southern Territories;TG Togo;TH Thailand;TJ Tajikistan;TK Tokelau;"
    "TL Timor-Leste;TM Turkmenistan;TN Tunisia;TO Tonga;TR Turkey|Türkiye|Turkiye;TT Trinidad and Tobago;TV Tuvalu;"
    "TW Taiwan|Taiwan, Province of China;TZ Tanzania|Tanzania, United Republic of|United Republic of Tanzania;"
    "UA Ukraine;UG Uganda;UM United States Minor Outlying Islands;US United States|United States of "
    "America|USA|U.S.A.|U.S.;UY Uruguay;"
    "UZ Uzbekistan;"
    "VA Holy See|Holy See (Vatican City State)|Vatican City;VC Saint Vincent and the Grenadines;"
    "VE Venezuela|Venezuela, Bolivarian Republic of|Venezuela (Bolivarian Republic of);"
    "VG British Virgin Islands|Virgin Islands, British|Virgin Islands (British);"
    "VI U.S. Virgin Islands|Virgin Islands, U.S.|Virgin Islands (U.S.);VN Vietnam|Viet Nam;VU Vanuatu;"
    "WF Wallis and Futuna;WS Samoa;"
    "XK Kosovo;"  // not in ISO 3166, but in use by the Commission of the EU, by banks, and by CRMs
    "YE Yemen;YT Mayotte;"
    "ZA South Africa;ZM Zambia;ZW Zimbabwe";

struct Table {
  std::map<std::string, std::string> code_by_name;  // folded name or code
  std::map<std::string, std::string> name_by_code;
};

// Without regard to case, and to how apostrophes and brackets are written.
std::string key_of(std::string_view s) { return text::folded(s); }

const Table& table() {
  static const Table built = [] {
    Table t;
    for (const std::string& line : text::split(kCountries, ';')) {
      const std::string code = line.substr(0, 2);
      const std::vector<std::string> names = text::split(std::string_view(line).substr(3), '|');
      t.name_by_code[code] = names.front();
      t.code_by_name[key_of(code)] = code;
      for (const std::string& name : names) t.code_by_name[key_of(name)] = code;
    }
    return t;
  }();
  return built;
}

}  // namespace

std::string country_code(std::string_view name_or_code) {
  const auto found = table().code_by_name.find(key_of(name_or_code));
  return found == table().code_by_name.end() ? "" : found->second;
}

std::string country_name(std::string_view code) {
  const auto found = table().name_by_code.find(std::string(code));
  return found == table().name_by_code.end() ? "" : found->second;
}

}  // namespace cosell::mapping
