# The SMS gateway takes every message and delivers none: after a minute the second channel says it again, once
start 14:30
sms by smpp, then http
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
cabin 白桦客栈, owner 古丽
  room 大堂 on 1号箱 1号开关, 40 A
大堂 leakage every 10s: 380 x 6, 20 x 18
203房 current every 10s from 3m: 34 x 60
203房 temperature every 10s from 3m: 84 x 60
at 2m30s     smpp stays silent
at 4m55s     Bolat replies "1"
expect by 30s          notice sms to 古丽, "大堂", by smpp
expect none before 3m  notice sms, by http
expect at 3m30s        notice sms to Ailin, "203房", by smpp
expect by 4m35s        notice sms to Ailin, "203房", by http
expect by 4m35s        notice sms to Bolat, "203房", by http
expect none after 4m40s  notice sms to Ailin, "203房", by http
