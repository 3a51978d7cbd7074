// The lists that made-up customers and deals are drawn from.
#include "connectors/emulator/made_up.h"

#include <iterator>

#include "base/text.h"

namespace cosell::emulator {

namespace {

constexpr Place kPlaces[] = {{"1200 Fifth Avenue", "Seattle", "WA", "98101", "US", "USD", "+1"},
                             {"400 Congress Avenue", "Austin", "TX", "78701", "US", "USD", "+1"},
                             {"75 State Street", "Boston", "MA", "02109", "US", "USD", "+1"},
                             {"30 King Street West", "Toronto", "ON", "M5H 1B4", "CA", "CAD", "+1"},
                             {"Unter den Linden 21", "Berlin", "Berlin", "10117", "DE", "EUR", "+49"},
                             {"Leopoldstra\xC3\x9F"
                              "e 8",
                              "M\xC3\xBCnchen", "Bayern", "80802", "DE", "EUR", "+49"},
                             {"14 rue de la Paix", "Paris", "\xC3\x8Ele-de-France", "75002", "FR", "EUR", "+33"},
                             {"Calle de Alcal\xC3\xA1 45", "Madrid", "Madrid", "28014", "ES", "EUR", "+34"},
                             {"22 Bishopsgate", "London", "England", "EC2N 4BQ", "GB", "GBP", "+44"},
                             {"Bahnhofstrasse 40", "Z\xC3\xBCrich", "ZH", "8001", "CH", "CHF", "+41"},
                             {"Kungsgatan 12", "Stockholm", "Stockholm", "111 35", "SE", "SEK", "+46"},
                             {"1-9-1 Marunouchi", "Tokyo", "Tokyo", "100-0005", "JP", "JPY", "+81"},
                             {"1 Martin Place", "Sydney", "NSW", "2000", "AU", "AUD", "+61"}};

constexpr const char* kFirstParts[] = {"Northwind", "Contoso",   "Fabrikam", "Litware", "Tailspin", "Proseware",
                                       "Adatum",    "Wingtip",   "Lucerne",  "Trey",    "Alpine",   "Bellows",
                                       "Margie",    "Humongous", "Graphic",  "Fourth",  "Coho",     "Relecloud"};
constexpr const char* kSecondParts[] = {"Logistics", "Foods",   "Energy",  "Health", "Retail",     "Manufacturing",
                                        "Insurance", "Airways", "Studios", "Bank",   "Pharma",     "Research",
                                        "Motors",    "Telecom", "Water",   "Travel", "University", "Systems"};
constexpr const char* kProjects[] = {"Azure migration",         "data platform",         "Teams Phone rollout",
                                     "security operations",     "SAP on Azure",          "customer service copilot",
                                     "Dynamics 365 renewal",    "IoT fleet monitoring",  "disaster recovery",
                                     "analytics modernisation", "Power Platform centre", "virtual desktops"};
constexpr const char* kFirstNames[] = {"Anna", "Ben",   "Carla", "David", "Elena", "Farid", "Grace", "Hugo",
                                       "Ines", "Jonas", "Keiko", "Liam",  "Maria", "Noah",  "Olga",  "Pedro"};
constexpr const char* kLastNames[] = {"Keller", "Smith",  "Dubois",  "Garcia", "Tanaka", "Novak",     "Jensen", "Rossi",
                                      "Nguyen", "Larsen", "Fischer", "Walker", "Moreau", "Andersson", "Costa",  "Khan"};

}  // namespace

bool chance(Random& random, std::uint64_t percent) { return random.below(100) < percent; }

const Place& some_place(Random& random) { return one_of(kPlaces, random); }

std::string company_name(std::size_t number) {
  constexpr std::size_t kFirsts = std::size(kFirstParts);
  constexpr std::size_t kSeconds = std::size(kSecondParts);
  const std::string name =
      std::string(kFirstParts[number % kFirsts]) + " " + kSecondParts[(number / kFirsts + number) % kSeconds];
  const std::size_t round = number / (kFirsts * kSeconds);
  return round == 0 ? name : name + " " + std::to_string(round + 1);
}

std::string domain_of(const std::string& company) {
  return text::replace_all(text::lower_ascii(company), " ", "-") + ".example";
}

std::string some_phone(const Place& place, Random& random) {
  return std::string(place.dialling_code) + " 555 0" + std::to_string(100 + random.below(900));
}

std::string some_first_name(Random& random) { return one_of(kFirstNames, random); }
std::string some_last_name(Random& random) { return one_of(kLastNames, random); }
std::string some_project(Random& random) { return one_of(kProjects, random); }

double some_amount(Random& random) {
  const double scale = chance(random, 20) ? 100.0 : 10.0;
  const double value = (50.0 + static_cast<double>(random.below(950))) * scale;
  return chance(random, 15) ? value + static_cast<double>(random.below(100)) / 100.0 : value;
}

std::int64_t some_close_day(bool closed, Random& random) {
  return closed ? -static_cast<std::int64_t>(random.below(120)) - 1 : static_cast<std::int64_t>(random.below(240)) + 20;
}

}  // namespace cosell::emulator
