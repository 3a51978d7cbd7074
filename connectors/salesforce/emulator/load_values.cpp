// Cells by the type of the field.
#include "connectors/salesforce/emulator/load_values.h"

#include "connectors/emulator/csv.h"

namespace cosell::emulator::salesforce {

namespace {

tl::unexpected<std::string> not_a(const Field& field, const std::string& cell, const char* what) {
  return tl::unexpected<std::string>(field.name + " \"" + cell + "\" is not " + what);
}

}  // namespace

tl::expected<Json, std::string> read_cell(const Field& field, const std::string& cell) {
  if (field.is_number()) {
    const auto number = read_number_cell(cell);
    if (!number) return not_a(field, cell, "a number");
    return Json(*number);
  }
  if (field.type == Type::date) {
    const auto date = read_date_cell(cell);
    if (!date) return not_a(field, cell, "a date");
    return Json(to_string(*date));
  }
  if (field.type == Type::boolean) {
    const auto tick = read_tick_cell(cell);
    if (!tick) return not_a(field, cell, "true or false");
    return Json(*tick);
  }
  return Json(cell);
}

}  // namespace cosell::emulator::salesforce
