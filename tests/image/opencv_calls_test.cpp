// Matrices so large that OpenCV gives them to LAPACK and BLAS, which the program opens at the call.
#include <gtest/gtest.h>

#include <opencv2/core.hpp>

namespace {

constexpr int kSide = 160;  // beyond all sizes from which OpenCV asks for help

cv::Mat drawn(int rows, int columns, int type) {
  cv::Mat matrix(rows, columns, type);
  cv::RNG random(7);
  random.fill(matrix, cv::RNG::NORMAL, 0, 1);
  return matrix;
}

double farthest(const cv::Mat& a, const cv::Mat& b) { return cv::norm(a, b, cv::NORM_INF); }

class OpencvCalls : public testing::TestWithParam<int> {};

TEST_P(OpencvCalls, MultiplyAsTheDefinitionSays) {
  const cv::Mat a = drawn(kSide, kSide, GetParam());
  const cv::Mat b = drawn(kSide, kSide, GetParam());
  const cv::Mat product = a * b;
  double sum = 0;
  for (int k = 0; k < kSide; ++k) {
    sum += GetParam() == CV_32F ? double{a.at<float>(3, k)} * b.at<float>(k, 5)
                                : a.at<double>(3, k) * b.at<double>(k, 5);
  }
  const double found =
      GetParam() == CV_32F ? double{product.at<float>(3, 5)} : product.at<double>(3, 5);
  EXPECT_NEAR(found, sum, 1e-3);
}

TEST_P(OpencvCalls, SolveEquationsInEveryWay) {
  const cv::Mat square = drawn(kSide, kSide, GetParam());
  const cv::Mat positive = square.t() * square + kSide * cv::Mat::eye(kSide, kSide, GetParam());
  const cv::Mat wanted = drawn(kSide, 2, GetParam());
  for (const int how : {cv::DECOMP_LU, cv::DECOMP_CHOLESKY, cv::DECOMP_QR, cv::DECOMP_SVD}) {
    cv::Mat found;
    ASSERT_TRUE(cv::solve(positive, positive * wanted, found, how)) << how;
    EXPECT_LT(farthest(found, wanted), 1e-2) << how;
  }
  EXPECT_LT(farthest(positive.inv() * positive, cv::Mat::eye(kSide, kSide, GetParam())), 1e-3);
  EXPECT_GT(cv::determinant(positive / kSide), 0);
}

TEST_P(OpencvCalls, TakeApartIntoSingularValues) {
  const cv::Mat tall = drawn(kSide, 40, GetParam());
  cv::Mat values;
  cv::Mat left;
  cv::Mat right;
  cv::SVD::compute(tall, values, left, right);
  EXPECT_LT(farthest(left * cv::Mat::diag(values) * right, tall), 1e-3);
}

INSTANTIATE_TEST_SUITE_P(Reals, OpencvCalls, testing::Values(CV_32F, CV_64F));

TEST(OpencvCalls, MultiplyComplexNumbers) {
  for (const int type : {CV_32FC2, CV_64FC2}) {
    const cv::Mat a = drawn(kSide, kSide, type);
    cv::Mat one = cv::Mat::zeros(kSide, kSide, type);
    one.diag().setTo(cv::Scalar(0, 1));  // i
    cv::Mat turned;
    cv::gemm(a, one, 1, cv::noArray(), 0, turned);
    cv::Mat back;
    cv::gemm(turned, one, -1, cv::noArray(), 0, back);
    EXPECT_LT(farthest(back, a), 1e-5);
  }
}

}  // namespace
