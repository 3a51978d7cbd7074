// The currencies of ISO 4217 and how many decimals each has. Metals, test codes and units of account that have no
// minor unit are left out: no deal has a value in them. Withdrawn codes stay while CRMs still show them.
#include <algorithm>
#include <string_view>

#include "deal/value.h"

namespace cosell {
namespace {

// Codes of three letters without separators, in alphabetical order.
constexpr std::string_view kNone = "BIFCLPDJFGNFISKJPYKMFKRWPYGRWFUGXUYIVNDVUVXAFXOFXPF";
constexpr std::string_view kThree = "BHDIQDJODKWDLYDOMRTND";
constexpr std::string_view kFour = "CLFUYW";
constexpr std::string_view kTwo =
    "AEDAFNALLAMDANGAOAARSAUDAWGAZN"
    "BAMBBDBDTBGNBMDBNDBOBBOVBRLBSDBTNBWPBYNBZD"
    "CADCDFCHECHFCHWCNYCOPCOUCRCCUCCUPCVECZK"
    "DKKDOPDZDEGPERNETBEURFJDFKPGBPGELGHSGIPGMDGTQGYD"
    "HKDHNLHRKHTGHUFIDRILSINRIRRJMDKESKGSKHRKPWKYDKZT"
    "LAKLBPLKRLRDLSLMADMDLMGAMKDMMKMNTMOPMRUMURMVRMWKMXNMXVMYRMZN"
    "NADNGNNIONOKNPRNZDPABPENPGKPHPPKRPLNQARRONRSDRUB"
    "SARSBDSCRSDGSEKSGDSHPSLESLLSOSSRDSSPSTNSVCSYPSZL"
    "THBTJSTMTTOPTRYTTDTWDTZSUAHUSDUSNUYUUZSVEDVESWSTXCDXCGYERZARZMWZWGZWL";

bool lists(std::string_view codes, std::string_view code) {
  std::size_t low = 0;
  for (std::size_t high = codes.size() / 3; low < high;) {
    const std::size_t middle = (low + high) / 2;
    const int order = codes.substr(middle * 3, 3).compare(code);
    if (order == 0) return true;
    if (order < 0) {
      low = middle + 1;
    } else {
      high = middle;
    }
  }
  return false;
}

}  // namespace

std::optional<int> currency_exponent(std::string_view code) {
  if (code.size() != 3) return std::nullopt;
  std::string upper(code);
  std::transform(upper.begin(), upper.end(), upper.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  if (lists(kTwo, upper)) return 2;
  if (lists(kNone, upper)) return 0;
  if (lists(kThree, upper)) return 3;
  if (lists(kFour, upper)) return 4;
  return std::nullopt;
}

}  // namespace cosell
