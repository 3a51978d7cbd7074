// Customers and deals that a sandbox makes up: varied, plausible, and the same for the same random numbers.
#pragma once

#include <string>

#include "base/random.h"

namespace cosell::emulator {

struct Place {
  const char* street;
  const char* city;
  const char* state;
  const char* postal_code;
  const char* country;  // ISO 3166
  const char* currency;
  const char* dialling_code;
};

template <class T, std::size_t N>
const T& one_of(const T (&list)[N], Random& random) {
  return list[static_cast<std::size_t>(random.below(N))];
}
bool chance(Random& random, std::uint64_t percent);

const Place& some_place(Random& random);
// No two numbers have one name.
std::string company_name(std::size_t number);
// "contoso-energy.example"
std::string domain_of(const std::string& company);
std::string some_phone(const Place& place, Random& random);
std::string some_first_name(Random& random);
std::string some_last_name(Random& random);
std::string some_project(Random& random);
// Many small deals, few large ones; some with cents, as quotes have them.
double some_amount(Random& random);
// In days from today: closed deals lie behind, open ones ahead.
std::int64_t some_close_day(bool closed, Random& random);

}  // namespace cosell::emulator
