# The SMS gateway is dead that night: the second channel carries at once, and says the same
start 02:10
sms by smpp, then http
cabin 松林客栈, owner Ailin, second 叶尔兰
  room 203房 on 2号箱 3号开关, 40 A
cabin 白桦客栈, owner 古丽
  room 大堂 on 1号箱 1号开关, 40 A
203房 current every 10s: 34 x 60
203房 temperature every 10s: 84 x 60
大堂 leakage every 10s from 6m: 380 x 12
at 1s    smpp breaks
at 3m    Bolat replies "1"
at 4m    smpp works
expect at 30s      case opened, heat, alarm
expect by 35s      notice sms to Ailin, first_notice, "203房", by http
expect by 35s      notice sms to Bolat, first_notice, "203房", by http
expect by 35s      case commented, heat
expect at 3m       case taken, heat, Bolat
expect none before 4m  notice, by smpp
expect by 6m25s    notice sms to 古丽, "大堂", by smpp
expect none after 4m   notice, by http
