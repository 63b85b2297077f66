// Arrays in npz files, without libraries: npy files stored one after the other in a zip archive, little-endian.
#pragma once
#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <string>
#include <vector>
using std::map; using std::string; using std::vector;
using Size = std::size_t;

struct Array { string descr; vector<Size> shape; string bytes; };

inline Size number(const string& bytes, Size at, int count) {
    Size value = 0;
    for (int k = count; k-- > 0;) value = value << 8 | std::uint8_t(bytes[at + k]);
    return value;
}
inline string little_endian(Size value, int count) {
    string bytes;
    for (int k = 0; k < count; ++k) bytes += char(value >> 8 * k & 255);
    return bytes;
}
inline Array read_npy(const string& npy) {
    const Size data = 10 + number(npy, 8, 2);
    Array array{npy.substr(npy.find('<'), 3), {}, npy.substr(data)};
    std::istringstream shape(npy.substr(npy.find('(') + 1));  // such as "5, 6, 2), }"
    for (Size length; shape >> length; shape.ignore()) array.shape.push_back(length);
    return array;
}
inline string write_npy(const Array& array) {
    string header = "{'descr': '" + array.descr + "', 'fortran_order': False, 'shape': (";
    for (Size length : array.shape) header += std::to_string(length) + ", ";
    header += "), }";
    header += string(63 - (header.size() + 10) % 64, ' ') + "\n";
    return string("\x93NUMPY\1\0", 8) + little_endian(header.size(), 2) + header + array.bytes;
}
inline map<string, Array> read_npz(const string& file) {
    std::ifstream in(file, std::ios::binary);
    const string zip{std::istreambuf_iterator<char>(in), {}};
    map<string, Array> arrays;
    for (Size at = 0; zip.compare(at, 4, "PK\3\4") == 0;) {
        const Size length = number(zip, at + 26, 2), data = at + 30 + length + number(zip, at + 28, 2);
        const Size size = number(zip, at + 18, 4);
        arrays[zip.substr(at + 30, length - 4)] = read_npy(zip.substr(data, size));  // the name without ".npy"
        at = data + size;
    }
    return arrays;
}
inline void write_npz(const string& file, const map<string, Array>& arrays) {
    string zip, directory;
    for (const auto& [key, array] : arrays) {
        const string name = key + ".npy", npy = write_npy(array);
        std::uint32_t crc = ~0u;
        for (char c : npy) {
            crc ^= std::uint8_t(c);
            for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xEDB88320u : 0u);
        }
        const string head = little_endian(20, 2) + string(6, 0) + little_endian(33, 2) + little_endian(~crc, 4)
            + little_endian(npy.size(), 4) + little_endian(npy.size(), 4) + little_endian(name.size(), 4);
        directory += "PK\1\2" + little_endian(20, 2) + head + string(10, 0) + little_endian(zip.size(), 4) + name;
        zip += "PK\3\4" + head + name + npy;
    }
    const string count = little_endian(arrays.size(), 2);
    std::ofstream(file, std::ios::binary) << zip << directory << "PK\5\6" << string(4, 0) << count << count
        << little_endian(directory.size(), 4) << little_endian(zip.size(), 4) << string(2, 0);
}
