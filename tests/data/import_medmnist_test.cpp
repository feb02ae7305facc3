#include <string>
#include <utility>
#include <vector>

#include <zip.h>

#include <bloodcell/image/decode.hpp>

#include "import_set.hpp"

namespace bloodcell::data {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

std::string npy(const std::string& shape, const std::string& content,
                const std::string& type = "|u1") {
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': False, 'shape': (" + shape + "), }";
  while ((header.size() + 11) % 64 != 0) header += ' ';
  header += '\n';
  std::string text = "\x93NUMPY";
  text += '\x01';
  text += '\0';
  text += static_cast<char>(header.size() % 256);
  text += static_cast<char>(header.size() / 256);
  return text + header + content;
}

class ImportMedmnist : public ImportTest {
 protected:
  ImportMedmnist() { options_.source = folder_ / "blood.npz"; }

  void write_npz(const std::vector<std::pair<std::string, std::string>>& entries) {
    fs::remove(options_.source);
    zip_t* archive = zip_open(options_.source.c_str(), ZIP_CREATE, nullptr);
    ASSERT_NE(archive, nullptr);
    for (const auto& [name, text] : entries) {
      zip_file_add(archive, name.c_str(), zip_source_buffer(archive, text.data(), text.size(), 0),
                   ZIP_FL_OVERWRITE);
      zip_set_file_compression(archive,
                               static_cast<zip_uint64_t>(zip_name_locate(archive, name.c_str(), 0)),
                               text.size() < 4096 ? ZIP_CM_STORE : ZIP_CM_DEFLATE, 0);
    }
    ASSERT_EQ(zip_close(archive), 0);
  }
  std::string refused(const std::string& images, const std::string& labels) {
    write_npz({{"train_images.npy", images}, {"train_labels.npy", labels}});
    const std::string said = refusal("medmnist");
    EXPECT_FALSE(fs::exists(folder_ / "blood"));
    return said;
  }

  // Two pictures, 2 wide and 1 high.
  const std::string pixels_ = "abcdefABCDEF";
};

TEST_F(ImportMedmnist, UnpacksPicturesAndNamesTheirClasses) {
  write_npz({{"train_images.npy", npy("2, 1, 2, 3", pixels_)},
             {"train_labels.npy", npy("2, 1", std::string("\x06\x00", 2))},
             {"test_images.npy", npy("1, 1, 2, 3", "uvwxyz")},
             {"test_labels.npy", npy("1, 1", "\x03")}});
  ASSERT_OK(import("medmnist"));
  EXPECT_EQ(manifest(),
            "file,label,part\nblood/test/000000.png,ig,test\n"
            "blood/train/000000.png,neutrophil,train\nblood/train/000001.png,basophil,train\n");
  const auto picture = image::decode_file(folder_ / "blood/train/000001.png", Limits{});
  ASSERT_OK(picture);
  EXPECT_EQ(picture->width_px, 2);
  EXPECT_EQ(std::string(picture->rgb.begin(), picture->rgb.end()), "ABCDEF");
  EXPECT_THAT(to_text(import("medmnist").error()), HasSubstr("exists"));
  EXPECT_TRUE(fs::exists(folder_ / "blood/train/000001.png"));
}

TEST_F(ImportMedmnist, RefusesArraysThatDoNotFit) {
  const std::string images = npy("2, 1, 2, 3", pixels_);
  const std::string labels = npy("2, 1", std::string("\x06\x00", 2));
  EXPECT_THAT(refused(images, npy("2, 1", "\x06\x08")),
              AllOf(HasSubstr("blood.npz"), HasSubstr("train_labels[1]: 8")));
  EXPECT_THAT(refused(images, npy("1, 1", "\x06")), HasSubstr("not one for each"));
  EXPECT_THAT(refused(npy("3, 1, 2, 3", pixels_), labels), HasSubstr("shape"));
  EXPECT_THAT(refused(npy("2147483647, 2147483647, 2147483647, 3", pixels_), labels),
              HasSubstr("shape"));
  EXPECT_THAT(refused(npy("0, 1, 2, 3", ""), labels), HasSubstr("shape"));
  EXPECT_THAT(refused(npy("2, 6", pixels_), labels), HasSubstr("not colour pictures"));
  EXPECT_THAT(refused(npy("2, 1, 2, 3", pixels_, "<f8"), labels), HasSubstr("array of bytes"));
  EXPECT_THAT(refused("\x93NUMPY", labels), HasSubstr("ends early"));
  EXPECT_THAT(refused("not an array at all", labels), HasSubstr("header"));
}

TEST_F(ImportMedmnist, RefusesABombBeforeUnpackingIt) {
  const std::string shape = "20, 1100, 1000, 3";
  EXPECT_THAT(refused(npy(shape, std::string(66'000'000, '\0')), npy("20", std::string(20, '\0'))),
              HasSubstr("at most 1024 pixels"));
}

TEST_F(ImportMedmnist, RefusesArchivesCutShortOrDamaged) {
  write_npz({{"train_images.npy", npy("2, 1, 2, 3", pixels_)},
             {"train_labels.npy", npy("2, 1", std::string("\x06\x00", 2))}});
  const std::string whole = *read_text(options_.source, 1 << 20);
  for (std::size_t length = 0; length < whole.size(); length += 7) {
    write("blood.npz", whole.substr(0, length));
    EXPECT_THAT(refusal("medmnist"), HasSubstr("blood.npz")) << length;
    EXPECT_FALSE(fs::exists(folder_ / "blood")) << length;
  }
  std::string damaged = whole;
  const std::size_t pixel = damaged.find("ABCDEF");
  ASSERT_NE(pixel, std::string::npos) << "is stored packed";
  damaged[pixel] = 'Z';
  write("blood.npz", damaged);
  EXPECT_THAT(refusal("medmnist"), HasSubstr("train_images.npy: is damaged"));
  EXPECT_FALSE(fs::exists(folder_ / "blood"));
  write_npz({{"x.npy", "nothing"}});
  EXPECT_THAT(refusal("medmnist"), HasSubstr("no cell"));
}

}  // namespace
}  // namespace bloodcell::data
